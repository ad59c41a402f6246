/** The log and the queue as they are read from their first entry on. */
import type { Redis } from 'ioredis';
import { ProtocolError } from '../../runtime/errors.js';
import type { Chunk } from '../../model/chunk.js';
import type { LogEntry, PlanRecord, SeededRecord } from '../../wire/records.js';
import { decodeChunk } from '../../wire/chunk-codec.js';
import { decodeRecord, encodeRecord } from '../../wire/record-codec.js';
import { fromFields, toFields, type Entry } from './codec.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import type { Scripts } from './scripts.js';

const PAGE_ENTRIES = 1000;
/** Characters a page should have at most: records that keep their values are large. */
const PAGE_LENGTH = 4_000_000;
const BLOCK_MS = 1000;

/** A plan is noted in the same step: whoever sees the record finds its budget. */
export async function appendRecord(
  link: Link,
  keys: Keys,
  scripts: Scripts,
  record: PlanRecord | SeededRecord,
): Promise<void> {
  // Sent again after an answer that was lost, the record may be there twice: equal records are harmless.
  const wire = encodeRecord(record);
  const plan = record.kind === 'plan' ? JSON.stringify(wire) : '';
  const args = [record.runId, plan, ...toFields(wire)];
  await link.run((redis) => scripts.append.run(redis, [keys.log, keys.metadata], args));
}

/** The stream from its first entry to its end. */
export async function* entries(link: Link, key: string): AsyncGenerator<Entry> {
  let from = '-';
  let count = 50;
  for (;;) {
    const page = (await link.run((redis) => redis.call('XRANGE', key, from, '+', 'COUNT', count))) as Entry[];
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < count) return;
    from = `(${last[0]}`;
    const length = page.reduce((sum, [, fields]) => sum + fields.reduce((n, field) => n + field.length, 0), 0);
    count = Math.max(1, Math.min(PAGE_ENTRIES, count * 4, Math.floor((PAGE_LENGTH * page.length) / (length + 1))));
  }
}

/**
 * The queue, then the parked chunks.
 * @param listed called at the end with the id of the queue's last entry
 */
export async function* queuedChunks(link: Link, keys: Keys, listed: (id: string) => void): AsyncGenerator<Chunk> {
  let last = '0-0';
  for (const key of [keys.tasks, keys.parked]) {
    for await (const [id, fields] of entries(link, key)) {
      if (key === keys.tasks) last = id;
      const chunk = attempt(() => decodeChunk(fromFields(fields)));
      if (!(chunk instanceof ProtocolError)) yield chunk;
    }
  }
  listed(last);
}

/**
 * @param follow after the last entry go on waiting for more until this aborts
 * @param open gives a connection of its own to wait on; closed at the end
 */
export async function* readRecords(
  link: Link,
  keys: Keys,
  open: () => Link,
  follow?: AbortSignal,
): AsyncGenerator<LogEntry> {
  let position = '0-0';
  for await (const entry of entries(link, keys.log)) {
    if (follow?.aborted) return;
    position = entry[0];
    yield toLogEntry(entry);
  }
  if (!follow || follow.aborted) return;
  const waiting = open();
  const stop = (): void => waiting.close();
  follow.addEventListener('abort', stop, { once: true });
  try {
    while (!follow.aborted) {
      const page = await waiting
        .run((redis) => nextEntries(redis, keys.log, position))
        .catch((error: unknown) => {
          if (follow.aborted) return [];
          throw error;
        });
      for (const entry of page) {
        position = entry[0];
        yield toLogEntry(entry);
      }
    }
  } finally {
    follow.removeEventListener('abort', stop);
    waiting.close();
  }
}

async function nextEntries(redis: Redis, key: string, after: string): Promise<Entry[]> {
  const reply = (await redis.call('XREAD', 'COUNT', 200, 'BLOCK', BLOCK_MS, 'STREAMS', key, after)) as Array<
    [string, Entry[]]
  > | null;
  return reply?.[0]?.[1] ?? [];
}

function toLogEntry([position, fields]: Entry): LogEntry {
  const record = attempt(() => decodeRecord(fromFields(fields)));
  return record instanceof ProtocolError ? { position, undecodable: record.message } : { position, record };
}

function attempt<T>(decode: () => T): T | ProtocolError {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}
