/**
 * The two messages that travel in millions, decoded by hand. The schemas in the codecs stay the definition, and they
 * alone have the words for what is wrong: these functions accept only what the schemas accept, with the same outcome,
 * and leave everything else to them.
 *
 * What that gives, on two cores: a result is read in 0.9 µs instead of 4.9, a chunk in 0.2 instead of 3.3. `ttg verify`
 * of 300,000 results in Redis took 5.5 to 5.8 s instead of 6.5 to 9.5, and a worker saves 7 µs with each chunk, since
 * it reads the chunk and checks that its record can be read.
 */
import type { Chunk } from '../model/chunk.js';
import { decimalText } from '../model/exact-sum.js';
import type { ResultRecord, Summary, Wire } from './records.js';
import { valuesAtByHand } from './values-at.js';

export function chunkByHand(wire: unknown): Chunk | undefined {
  if (typeof wire !== 'object' || wire === null) return undefined;
  const { start_param, end_param, total_in_chunk, run_id, chunk_id, computation, created_at } = wire as Wire;
  const keepValues = flag((wire as Wire)['keep_values']);
  const piece = flag((wire as Wire)['piece']);
  if (keepValues === undefined || piece === undefined) return undefined;
  const start = natural(start_param);
  const end = natural(end_param);
  if (!(start <= end) || end - start + 1 !== natural(total_in_chunk)) return undefined;
  if (!filled(run_id) || !filled(chunk_id) || !filled(computation) || typeof created_at !== 'string') return undefined;
  return { start, end, runId: run_id, chunkId: chunk_id, computation, keepValues, piece, createdAt: created_at };
}

export function resultByHand(wire: unknown): ResultRecord | undefined {
  if (typeof wire !== 'object' || wire === null || (wire as Wire)['kind'] !== 'result') return undefined;
  const m = wire as Wire;
  const { run_id, chunk_id, worker_id, digest, started_at, completed_at, values, values_packed, values_at } = m;
  // What carries values is bound by them, not by its schema.
  if (values !== undefined || values_packed !== undefined || m['status'] !== 'complete') return undefined;
  const valuesAt = values_at === undefined ? undefined : valuesAtByHand(values_at);
  if (values_at !== undefined && !valuesAt) return undefined;
  const start = natural(m['start_param']);
  const end = natural(m['end_param']);
  const attempt = natural(m['attempt']);
  const durationSeconds = decimal(m['duration_seconds']);
  const summary = summaryByHand(m['result_summary']);
  if (
    !(start <= end) ||
    !summary ||
    summary.count !== end - start + 1 ||
    natural(m['params_processed']) !== summary.count
  )
    return undefined;
  if (
    !filled(run_id) ||
    !filled(chunk_id) ||
    typeof worker_id !== 'string' ||
    Number.isNaN(attempt) ||
    Number.isNaN(durationSeconds)
  )
    return undefined;
  if (typeof started_at !== 'string' || typeof completed_at !== 'string' || !isDigest(digest)) return undefined;
  return {
    kind: 'result',
    runId: run_id,
    chunkId: chunk_id,
    start,
    end,
    workerId: worker_id,
    summary,
    digest,
    attempt,
    durationSeconds,
    startedAt: started_at,
    completedAt: completed_at,
    ...(valuesAt ? { valuesAt } : {}),
  };
}

function summaryByHand(value: unknown): Summary | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { sum, count, min, max, m2, nan, infinite, other, columns, wide } = value as Record<keyof Summary, unknown>;
  // A sum that no number names is text, and the schema's; so are values that are not all finite numbers.
  if (!finite(sum) || !finite(min) || !finite(max)) return undefined;
  if (nan !== undefined || infinite !== undefined || other !== undefined) return undefined;
  if (columns !== undefined || wide !== undefined) return undefined;
  const summary = { sum: decimalText(sum), count: natural(count), min, max };
  if (m2 === undefined) return summary;
  return finite(m2) && m2 >= 0 ? { ...summary, m2 } : undefined;
}

/** A number, or text that begins with a digit, as the schema reads it; NaN for anything else. */
function decimal(value: unknown): number {
  if (typeof value === 'string') {
    const first = value.charCodeAt(0);
    return first >= 48 && first <= 57 ? finiteOrNaN(Number(value)) : NaN;
  }
  return typeof value === 'number' ? finiteOrNaN(value) : NaN;
}

function flag(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' || value === undefined ? false : undefined;
}

function natural(value: unknown): number {
  const n = decimal(value);
  return Number.isSafeInteger(n) && n >= 0 ? n : NaN;
}

function finiteOrNaN(n: number): number {
  return Number.isFinite(n) ? n : NaN;
}

function finite(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function filled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

const DIGEST = /^[0-9a-f]{32}$/;

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && DIGEST.test(value);
}
