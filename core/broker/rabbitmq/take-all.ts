/**
 * All messages of a queue, one after the other. RabbitMQ shows a message only to whoever takes it, so they are taken on
 * a channel of its own, whose close gives back what was not acknowledged, at its place. That raises each one's delivery
 * count, for which the queue's limit leaves room (topology.ts).
 */
import type { Message } from 'amqplib';
import { asError } from '../../runtime/errors.js';
import { isMissingQueue } from './failure.js';
import type { Link } from './link.js';
import { Session } from './session.js';

export interface Taken {
  readonly message: Message;
  /** For the acknowledgement, and for what is published before it. */
  readonly session: Session;
}

/** None where there is no such queue. */
export async function* takeAll(link: Link, queue: string): AsyncGenerator<Taken> {
  const session = await Session.open(await link.connection());
  try {
    for (;;) {
      const message = await session.get(queue);
      if (!message) return;
      yield { message, session };
    }
  } catch (error) {
    if (!isMissingQueue(asError(error).cause)) throw error;
  } finally {
    await session.close();
  }
}
