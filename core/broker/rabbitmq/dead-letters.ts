/**
 * The dead-letter queue: listed, put back into the queue of tasks, or thrown away. RabbitMQ shows a message only to
 * whoever takes it, so each of these takes them all on a channel of its own, whose close gives back what was not
 * acknowledged, at its place. That raises each one's delivery count, for which the queue's limit leaves room
 * (topology.ts).
 */
import { createHash } from 'node:crypto';
import type { Message } from 'amqplib';
import type { DeadLetter } from '../../wire/dead-letter.js';
import { asError } from '../../runtime/errors.js';
import { decodeChunk } from '../../wire/chunk-codec.js';
import { attemptHeaders, failureOf, fromBody } from './codec.js';
import type { Link } from './link.js';
import { rangeOf, type RunStates } from './run-state.js';
import type { Session } from './session.js';
import { takeAll } from './take-all.js';
import type { Topology } from './topology.js';

type Held = { readonly letter: DeadLetter; readonly message: Message; readonly session: Session };

export async function* listDeadLetters(link: Link, topology: Topology): AsyncGenerator<DeadLetter> {
  for await (const { letter } of held(link, topology)) yield letter;
}

/** @returns the ids of those that were dead letters with a chunk, and are in the queue now */
export async function replayDeadLetters(
  link: Link,
  topology: Topology,
  states: RunStates,
  ids: readonly string[],
): Promise<string[]> {
  return take(link, topology, ids, async ({ letter, message, session }) => {
    if (!letter.chunk) return false;
    await session.send(topology.tasks, message.content, attemptHeaders(0));
    await states.tell({ run_id: letter.chunk.runId, replayed: rangeOf(letter.chunk) }, session);
    return true;
  });
}

/** @returns the ids of those that were there */
export async function dropDeadLetters(link: Link, topology: Topology, ids: readonly string[]): Promise<string[]> {
  return take(link, topology, ids, async () => true);
}

async function take(
  link: Link,
  topology: Topology,
  ids: readonly string[],
  settle: (held: Held) => Promise<boolean>,
): Promise<string[]> {
  const wanted = new Set(ids);
  const taken = new Set<string>();
  for await (const one of held(link, topology)) {
    if (!wanted.has(one.letter.id) || !(await settle(one))) continue;
    one.session.ack(one.message);
    taken.add(one.letter.id);
  }
  return [...taken];
}

async function* held(link: Link, topology: Topology): AsyncGenerator<Held> {
  for await (const { message, session } of takeAll(link, topology.dlq))
    yield { letter: toDeadLetter(message), message, session };
}

function toDeadLetter(message: Message): DeadLetter {
  const { error, stackId, stack, workerId, failedAt, attempts } = failureOf(message);
  const hash = createHash('sha256').update(message.content);
  const id = hash
    .update(JSON.stringify([error, failedAt, workerId, attempts]))
    .digest('hex')
    .slice(0, 12);
  try {
    return { id, error, failedAt, chunk: decodeChunk(fromBody(message.content)), attempts, stackId, stack, workerId };
  } catch (reason) {
    return { id, error: error || asError(reason).message, failedAt, chunk: undefined, raw: message.content };
  }
}
