/** The dead-letter stream: listed, put back into the queue, or thrown away. */
import type { DeadLetter } from '../../wire/dead-letter.js';
import { asError, ProtocolError } from '../../runtime/errors.js';
import type { Chunk } from '../../model/chunk.js';
import { decodeChunk, encodeChunk } from '../../wire/chunk-codec.js';
import { fromFields, toFields } from './codec.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import type { Scripts } from './scripts.js';

/**
 * What bury.lua adds behind the payload, by its last fields: to a chunk, to one of an earlier release, to anything
 * else.
 */
const ADDED = [
  ['attempts', 'error', 'stack_id', 'stack', 'worker_id', 'failed_at'],
  ['attempts', 'error', 'stack', 'worker_id', 'failed_at'],
  ['error', 'failed_at'],
];
/** What bury.lua makes of a payload with too many fields for a script: names and values, each ended by a zero byte. */
const PACKED = 'ttg_raw_fields';
const PAGE = 100;
const ZERO = Buffer.from([0]);

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
  const names = fields.filter((_, i) => i % 2 === 0).map((name) => name.toString());
  // The payload may end with such names too: what was added is all of one list, and nothing more.
  const list = ADDED.find((each) => each.every((name, i) => names[names.length - each.length + i] === name)) ?? [];
  const end = fields.length - 2 * list.length;
  const added = new Map(list.map((name, i) => [name, (fields[end + 2 * i + 1] as Buffer).toString()]));
  const payload = unpacked(fields.slice(0, end));
  const common = { id, error: added.get('error') ?? '', failedAt: added.get('failed_at') ?? '' };
  const chunk = decode(payload);
  if (chunk instanceof Error) {
    const raw = Buffer.concat(payload.flatMap((field) => [field, ZERO]));
    return { ...common, error: common.error || chunk.message, chunk: undefined, raw };
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

/** Where a name or value holds a zero byte itself this cuts it in two: its bytes stay the same. */
function unpacked(payload: readonly Buffer[]): readonly Buffer[] {
  const [name, packed] = payload;
  if (payload.length !== 2 || name?.toString() !== PACKED || packed?.at(-1) !== 0) return payload;
  const fields: Buffer[] = [];
  for (let from = 0; from < packed.length;) {
    const end = packed.indexOf(0, from);
    fields.push(packed.subarray(from, end));
    from = end + 1;
  }
  return fields;
}

function decode(payload: readonly Buffer[]): Chunk | Error {
  try {
    return decodeChunk(fromFields(payload.map((field) => field.toString())));
  } catch (error) {
    if (error instanceof ProtocolError) return asError(error);
    throw error;
  }
}
