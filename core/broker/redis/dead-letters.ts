/** The dead-letter stream: listed, put back into the queue, or thrown away. */
import type { DeadLetter } from '../../wire/dead-letter.js';
import { asError, ProtocolError } from '../../runtime/errors.js';
import type { Chunk } from '../../model/chunk.js';
import { decodeChunk, encodeChunk } from '../../wire/chunk-codec.js';
import { fromFields, toFields } from './codec.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import type { Scripts } from './scripts.js';

/** What bury.lua adds behind the payload; the last two also to what is undecodable. */
const ADDED = ['attempts', 'error', 'stack_id', 'stack', 'worker_id', 'failed_at'];
/** What bury.lua makes of a payload with too many fields for a script: names and values, each ended by a zero byte. */
const PACKED = 'ttg_raw_fields';
const PAGE = 100;

type RawEntry = readonly [id: Buffer, fields: readonly Buffer[]];

export async function* listDeadLetters(link: Link, keys: Keys): AsyncGenerator<DeadLetter> {
  for (let from = '-'; ;) {
    // As buffers: what is no text would not survive being read as such.
    const page = (await link.run((redis) =>
      redis.callBuffer('XRANGE', keys.dlq, from, '+', 'COUNT', PAGE),
    )) as RawEntry[];
    for (const [id, fields] of page) yield toDeadLetter(id.toString(), fields);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    from = `(${last[0].toString()}`;
  }
}

/** @returns the ids of those that were dead letters with a chunk, and are in the queue now */
export async function replayDeadLetters(
  link: Link,
  keys: Keys,
  scripts: Scripts,
  ids: readonly string[],
): Promise<string[]> {
  const replayed: string[] = [];
  const wanted = new Set(ids);
  for await (const letter of listDeadLetters(link, keys)) {
    if (!letter.chunk || !wanted.has(letter.id)) continue;
    const { runId, start, end } = letter.chunk;
    const args = [letter.id, runId, end - start + 1, ...toFields(encodeChunk(letter.chunk))];
    const moved = await link.run((redis, again) =>
      scripts.replay.run(redis, [keys.dlq, keys.tasks, keys.dead], [again ? 1 : 0, ...args]),
    );
    if (moved === 1) replayed.push(letter.id);
  }
  return replayed;
}

/** @returns the ids of those that were there */
export async function dropDeadLetters(link: Link, keys: Keys, ids: readonly string[]): Promise<string[]> {
  const dropped: string[] = [];
  for (const id of new Set(ids)) {
    // Redis refuses a word that is no entry's id; then there is no such entry either.
    if (!/^\d+(-\d+)?$/.test(id)) continue;
    const removed = await link.run(async (redis, again) => (await redis.xdel(keys.dlq, id)) === 1 || again);
    if (removed) dropped.push(id);
  }
  return dropped;
}

function toDeadLetter(id: string, fields: readonly Buffer[]): DeadLetter {
  let end = fields.length;
  const added = new Map<string, string>();
  for (; end >= 2; end -= 2) {
    const name = (fields[end - 2] as Buffer).toString();
    if (!ADDED.includes(name) || added.has(name)) break;
    added.set(name, (fields[end - 1] as Buffer).toString());
  }
  const payload = fields.slice(0, end);
  const common = { id, error: added.get('error') ?? '', failedAt: added.get('failed_at') ?? '' };
  const chunk = decode(payload);
  if (chunk instanceof Error) {
    return {
      ...common,
      error: common.error || chunk.message,
      chunk: undefined,
      raw: rawOf(payload),
    };
  }
  return {
    ...common,
    chunk,
    attempts: Number(added.get('attempts') ?? 0),
    stackId: added.get('stack_id') ?? '',
    stack: added.get('stack') ?? '',
    workerId: added.get('worker_id') ?? '',
  };
}

function rawOf(payload: readonly Buffer[]): Buffer {
  const [name, packed] = payload;
  if (payload.length === 2 && packed && name?.toString() === PACKED) return packed;
  return Buffer.concat(payload.flatMap((field) => [field, Buffer.from([0])]));
}

function decode(payload: readonly Buffer[]): Chunk | Error {
  try {
    return decodeChunk(fromFields(payload.map((field) => field.toString())));
  } catch (error) {
    if (error instanceof ProtocolError) return asError(error);
    throw error;
  }
}
