/** One leased chunk, and how far its settling has come. */
import type { Message } from 'amqplib';
import type { Chunk } from '../../model/chunk.js';
import { LeaseLost, SettledBefore } from '../../runtime/errors.js';
import type { Delivery } from '../port.js';
import type { Session } from './session.js';

export class RabbitDelivery implements Delivery {
  readonly chunk: Chunk;
  readonly attempt: number;
  readonly message: Message;
  readonly session: Session;
  readonly receivedAt = performance.now();
  /** The broker ended the lease for the time that this chunk took, so its result is wanted all the same. */
  outlived = false;
  state: 'held' | 'settling' | 'settled' | 'lost' = 'held';
  /** Resolves at the end of the settle under way; never rejects. */
  settling: Promise<unknown> | undefined;

  constructor(chunk: Chunk, attempt: number, session: Session, message: Message) {
    this.chunk = chunk;
    this.attempt = attempt;
    this.session = session;
    this.message = message;
  }

  /** undefined while the lease stands or the delivery was settled, and where its result is recorded nevertheless. */
  leaseLost(): LeaseLost | undefined {
    if (this.state === 'settled' || this.state === 'settling' || this.outlived) return undefined;
    return this.state === 'lost' || !this.session.alive ? this.lost() : undefined;
  }

  /** Marks it as being settled. @returns why that cannot be */
  claim(): LeaseLost | SettledBefore | undefined {
    if (this.state === 'settled' || this.state === 'settling') {
      const { runId, chunkId } = this.chunk;
      return new SettledBefore(`chunk ${chunkId} of run ${runId} was settled before: a delivery is settled once`);
    }
    if (this.state === 'lost' || !this.session.alive) return this.lost();
    this.state = 'settling';
    return undefined;
  }

  /** At once if no settle is under way; never rejects. */
  async settleEnded(): Promise<void> {
    await this.settling;
  }

  lost(): LeaseLost {
    this.state = 'lost';
    const { runId, chunkId } = this.chunk;
    return new LeaseLost(
      `chunk ${chunkId} of run ${runId} is not leased to this worker any more, RabbitMQ delivers it again: ${this.session.reason}`,
      { cause: this.session.end },
    );
  }
}
