/** What travels: task messages and log records, with the playbook's field names on the wire and ours in memory. */
import en from 'zod/v4/locales/en.js';
import * as z from 'zod/mini';
import { ProtocolError } from '../runtime/errors.js';
import type { Interval } from '../model/interval.js';
import type { Chunk } from '../model/chunk.js';
import type { LogRecord, Wire } from './records.js';
import { quickChunk, quickResult } from './quick.js';

/** zod/mini has no texts of its own: without these every message is "Invalid input". */
const LIMITS = en().localeError;

/** Flat wires carry numbers as text. No coercion: it would read an empty or missing field as 0. */
const decimal = z.transform(
  (value: unknown) => (typeof value === 'string' && value.trim() ? Number(value) : value) as number,
);
const natural = z.pipe(decimal, z.number().check(z.int(), z.gte(0)));
const text = z.string();
const filled = z.string().check(z.minLength(1));

const range = { start_param: natural, end_param: natural };
const chunkWire = z.object({
  ...range,
  run_id: filled,
  chunk_id: filled,
  total_in_chunk: natural,
  computation: filled,
  created_at: text,
});
const summaryWire = z.object({ sum: z.number(), count: natural, min: z.number(), max: z.number() });
const recordWire = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('plan'),
    run_id: filled,
    total_parameters: natural,
    chunk_size: natural,
    computation: filled,
    created_at: text,
  }),
  z.object({
    kind: z.literal('seeded'),
    run_id: filled,
    ...range,
    chunks: natural,
    reason: z.enum(['initial', 'resume', 'extend', 'repair']),
    first_confirmed_at: text,
    confirmed_at: text,
  }),
  z.object({
    kind: z.literal('result'),
    run_id: filled,
    chunk_id: filled,
    ...range,
    worker_id: text,
    status: z.literal('complete'),
    params_processed: natural,
    duration_seconds: z.pipe(decimal, z.number()),
    result_summary: summaryWire,
    digest: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
    attempt: natural,
    started_at: text,
    completed_at: text,
    values: z.optional(z.array(z.number())),
  }),
  z.object({
    kind: z.literal('dead'),
    run_id: filled,
    chunk_id: filled,
    ...range,
    worker_id: text,
    attempts: natural,
    error: text,
    stack: text,
    completed_at: text,
  }),
]);

/** Names of the fields whose values are nested: JSON text where the wire is flat. */
export const NESTED_FIELDS: readonly string[] = ['result_summary', 'values'];

export function encodeChunk(chunk: Chunk): Wire {
  return {
    chunk_id: chunk.chunkId,
    start_param: chunk.start,
    end_param: chunk.end,
    total_in_chunk: chunk.end - chunk.start + 1,
    created_at: chunk.createdAt,
    run_id: chunk.runId,
    computation: chunk.computation,
  };
}

/** @throws ProtocolError if a field is missing or wrong, or the counts contradict each other */
export function decodeChunk(wire: unknown): Chunk {
  return quickChunk(wire) ?? chunkBySchema(wire);
}

/** What decodeChunk must equal. */
export function chunkBySchema(wire: unknown): Chunk {
  const m = parse(chunkWire, wire, 'task message');
  const size = m.end_param - m.start_param + 1;
  if (size < 1 || size !== m.total_in_chunk) {
    throw new ProtocolError(
      `task message: total_in_chunk is ${m.total_in_chunk}, but ${m.start_param}…${m.end_param} are ${size} parameters`,
    );
  }
  return {
    start: m.start_param,
    end: m.end_param,
    runId: m.run_id,
    chunkId: m.chunk_id,
    computation: m.computation,
    createdAt: m.created_at,
  };
}

export function encodeRecord(r: LogRecord): Wire {
  switch (r.kind) {
    case 'plan':
      return {
        kind: r.kind,
        run_id: r.runId,
        total_parameters: r.totalParameters,
        chunk_size: r.chunkSize,
        computation: r.computation,
        created_at: r.createdAt,
      };
    case 'seeded':
      return {
        kind: r.kind,
        run_id: r.runId,
        start_param: r.start,
        end_param: r.end,
        chunks: r.chunks,
        reason: r.reason,
        first_confirmed_at: r.firstConfirmedAt,
        confirmed_at: r.confirmedAt,
      };
    case 'result': {
      // A literal without spreading: this runs for every chunk.
      const wire: Wire = {
        chunk_id: r.chunkId,
        worker_id: r.workerId,
        status: 'complete',
        params_processed: r.summary.count,
        duration_seconds: r.durationSeconds,
        result_summary: r.summary,
        completed_at: r.completedAt,
        kind: r.kind,
        run_id: r.runId,
        start_param: r.start,
        end_param: r.end,
        digest: r.digest,
        attempt: r.attempt,
        started_at: r.startedAt,
      };
      if (r.values) wire['values'] = r.values;
      return wire;
    }
    case 'dead':
      return {
        kind: r.kind,
        run_id: r.runId,
        chunk_id: r.chunkId,
        start_param: r.start,
        end_param: r.end,
        worker_id: r.workerId,
        attempts: r.attempts,
        error: r.error,
        stack: r.stack,
        completed_at: r.completedAt,
      };
  }
}

/** @throws ProtocolError if a field is missing or wrong; a result that is cut short is no result */
export function decodeRecord(wire: unknown): LogRecord {
  return quickResult(wire) ?? recordBySchema(wire);
}

/** What decodeRecord must equal. */
export function recordBySchema(wire: unknown): LogRecord {
  const m = parse(recordWire, wire, 'log record');
  switch (m.kind) {
    case 'plan':
      return {
        kind: m.kind,
        runId: m.run_id,
        totalParameters: m.total_parameters,
        chunkSize: m.chunk_size,
        computation: m.computation,
        createdAt: m.created_at,
      };
    case 'seeded':
      return {
        kind: m.kind,
        runId: m.run_id,
        ...interval(m),
        chunks: m.chunks,
        reason: m.reason,
        firstConfirmedAt: m.first_confirmed_at,
        confirmedAt: m.confirmed_at,
      };
    case 'result': {
      const piece = interval(m);
      if (m.params_processed !== piece.end - piece.start + 1 || m.result_summary.count !== m.params_processed) {
        throw new ProtocolError(
          `log record: result of chunk ${m.chunk_id} covers ${m.params_processed} of ${piece.end - piece.start + 1} parameters`,
        );
      }
      if (m.values && m.values.length !== m.params_processed) {
        throw new ProtocolError(
          `log record: result of chunk ${m.chunk_id} has ${m.values.length} values for ${m.params_processed} parameters`,
        );
      }
      return {
        kind: m.kind,
        runId: m.run_id,
        chunkId: m.chunk_id,
        ...piece,
        workerId: m.worker_id,
        summary: m.result_summary,
        digest: m.digest,
        attempt: m.attempt,
        durationSeconds: m.duration_seconds,
        startedAt: m.started_at,
        completedAt: m.completed_at,
        ...(m.values ? { values: m.values } : {}),
      };
    }
    case 'dead':
      return {
        kind: m.kind,
        runId: m.run_id,
        chunkId: m.chunk_id,
        ...interval(m),
        workerId: m.worker_id,
        attempts: m.attempts,
        error: m.error,
        stack: m.stack,
        completedAt: m.completed_at,
      };
  }
}

function interval(m: { start_param: number; end_param: number }): Interval {
  if (m.end_param < m.start_param)
    throw new ProtocolError(`log record: end_param ${m.end_param} is below start_param ${m.start_param}`);
  return { start: m.start_param, end: m.end_param };
}

function parse<T extends z.ZodMiniType>(schema: T, wire: unknown, what: string): z.output<T> {
  const parsed = z.safeParse(schema, wire, { error: LIMITS });
  if (parsed.success) return parsed.data;
  throw new ProtocolError(`${what}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
}
