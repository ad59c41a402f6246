/**
 * Takes a run out of Redis: its tasks, parked chunks, dead letters and records, and then what says that it ever was.
 * Safe to repeat after a crash: until the last step the run counts as cancelled, so that nothing is published for it.
 */
import type { Forgotten } from '../port.js';
import { listDeadLetters } from './dead-letters.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import { entries } from './log.js';

/** Entries that are deleted in one step: Redis does nothing else meanwhile. */
const BATCH = 500;

export async function forgetRun(link: Link, keys: Keys, runId: string): Promise<Forgotten> {
  await link.run((redis) => redis.hset(keys.halted, runId, 'cancelled'));
  const remove = async (key: string, ids: AsyncIterable<string>): Promise<number> => {
    let removed = 0;
    for await (const batch of batches(ids)) {
      // Who holds a task of it loses the lease with that: what it settles then changes nothing.
      if (key === keys.tasks) await acknowledge(link, keys, batch);
      removed += await link.run((redis) => redis.xdel(key, ...batch));
    }
    return removed;
  };
  const queued = await remove(keys.tasks, idsOf(link, keys.tasks, runId));
  const parked = await remove(keys.parked, idsOf(link, keys.parked, runId));
  const deadLetters = await remove(keys.dlq, idsOfLetters(link, keys, runId));
  const records = await remove(keys.log, idsOf(link, keys.log, runId));
  await link.run((redis) => redis.del(keys.done(runId)));
  for (const hash of [keys.metadata, keys.dead, keys.halted]) await link.run((redis) => redis.hdel(hash, runId));
  return { queued, parked, deadLetters, records };
}

async function acknowledge(link: Link, keys: Keys, ids: readonly string[]): Promise<void> {
  await link.run((redis) => redis.xack(keys.tasks, keys.group, ...ids));
}

/** Entries of the run. Deleting those that were read does not disturb reading on. */
async function* idsOf(link: Link, key: string, runId: string): AsyncGenerator<string> {
  for await (const [id, fields] of entries(link, key)) {
    for (let i = 0; i + 1 < fields.length; i += 2)
      if (fields[i] === 'run_id' && fields[i + 1] === runId) {
        yield id;
        break;
      }
  }
}

/** What is no chunk belongs to no run. */
async function* idsOfLetters(link: Link, keys: Keys, runId: string): AsyncGenerator<string> {
  for await (const { id, chunk } of listDeadLetters(link, keys)) if (chunk?.runId === runId) yield id;
}

async function* batches(ids: AsyncIterable<string>): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for await (const id of ids) {
    if (batch.push(id) < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
