/** Log records as they travel, with the public field names on the wire and ours in memory. */
import * as z from 'zod/mini';
import type { Interval } from '../model/interval.js';
import { failureBudget } from '../model/plan.js';
import { ProtocolError } from '../runtime/errors.js';
import { resultByHand } from './by-hand.js';
import { packDocument, packedDocument } from './packed-document.js';
import type { LogRecord, Wire } from './records.js';
import { decimal, digest, filled, flag, natural, parse, range, text } from './schema.js';
import { decodeSummary, encodeSummary, summaryWire } from './summary-codec.js';
import { valuesAtWire } from './values-at.js';
import { pack, unpack } from './values-codec.js';

const recordWire = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('plan'),
    run_id: filled,
    total_parameters: natural,
    chunk_size: natural,
    computation: filled,
    keep_values: flag,
    store: z.optional(z.enum(['directory', 's3'])),
    max_dead: z.optional(natural),
    sweep: z.optional(packedDocument),
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
    digest,
    attempt: natural,
    started_at: text,
    completed_at: text,
    // As it was written before values were packed, and is still where they are few.
    values: z.optional(z.array(z.number())),
    values_packed: z.optional(text),
    values_at: z.optional(valuesAtWire),
  }),
  z.object({
    kind: z.literal('dead'),
    run_id: filled,
    chunk_id: filled,
    ...range,
    worker_id: text,
    attempts: natural,
    error: text,
    stack_id: z.optional(text),
    stack: text,
    completed_at: text,
  }),
  z.object({
    kind: z.literal('halted'),
    run_id: filled,
    reason: z.enum(['cancelled', 'failures']),
    error: z.optional(text),
    halted_at: text,
  }),
  z.object({ kind: z.literal('resumed'), run_id: filled, resumed_at: text }),
]);

/** Names of the fields whose values are nested: JSON text where the wire is flat. */
export const NESTED_FIELDS: readonly string[] = ['result_summary', 'values', 'values_at'];

export function encodeRecord(r: LogRecord): Wire {
  switch (r.kind) {
    case 'plan':
      return {
        kind: r.kind,
        run_id: r.runId,
        total_parameters: r.totalParameters,
        chunk_size: r.chunkSize,
        computation: r.computation,
        keep_values: r.keepValues,
        ...(r.store ? { store: r.store } : {}),
        max_dead: r.maxDead,
        ...(r.sweep ? { sweep: packDocument(r.sweep) } : {}),
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
        result_summary: encodeSummary(r.summary),
        completed_at: r.completedAt,
        kind: r.kind,
        run_id: r.runId,
        start_param: r.start,
        end_param: r.end,
        digest: r.digest,
        attempt: r.attempt,
        started_at: r.startedAt,
      };
      const { values, packed } = r.values && r.packed === undefined ? pack(r.values) : r;
      if (r.valuesAt) wire['values_at'] = r.valuesAt;
      else if (packed !== undefined) wire['values_packed'] = packed;
      else if (values) wire['values'] = values;
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
        stack_id: r.stackId,
        stack: r.stack,
        completed_at: r.completedAt,
      };
    case 'halted':
      return {
        kind: r.kind,
        run_id: r.runId,
        reason: r.reason,
        ...(r.error === undefined ? {} : { error: r.error }),
        halted_at: r.haltedAt,
      };
    case 'resumed':
      return { kind: r.kind, run_id: r.runId, resumed_at: r.resumedAt };
  }
}

/** @throws ProtocolError if a field is missing or wrong; a result that is cut short is no result */
export function decodeRecord(wire: unknown): LogRecord {
  return resultByHand(wire) ?? recordBySchema(wire);
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
        keepValues: m.keep_values,
        ...(m.store ? { store: m.store } : {}),
        maxDead: m.max_dead ?? failureBudget('', m.total_parameters),
        ...(m.sweep ? { sweep: m.sweep } : {}),
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
      const values = m.values_packed === undefined ? m.values : unpack(m.values_packed);
      if (values && values.length !== m.params_processed) {
        throw new ProtocolError(
          `log record: result of chunk ${m.chunk_id} has ${values.length} values for ${m.params_processed} parameters`,
        );
      }
      return {
        kind: m.kind,
        runId: m.run_id,
        chunkId: m.chunk_id,
        ...piece,
        workerId: m.worker_id,
        summary: decodeSummary(m.result_summary),
        digest: m.digest,
        attempt: m.attempt,
        durationSeconds: m.duration_seconds,
        startedAt: m.started_at,
        completedAt: m.completed_at,
        ...(values ? { values } : {}),
        ...(m.values_at ? { valuesAt: m.values_at } : {}),
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
        stackId: m.stack_id ?? '',
        stack: m.stack,
        completedAt: m.completed_at,
      };
    case 'halted':
      return {
        kind: m.kind,
        runId: m.run_id,
        reason: m.reason,
        ...(m.error === undefined ? {} : { error: m.error }),
        haltedAt: m.halted_at,
      };
    case 'resumed':
      return { kind: m.kind, runId: m.run_id, resumedAt: m.resumed_at };
  }
}

function interval(m: { start_param: number; end_param: number }): Interval {
  if (m.end_param < m.start_param)
    throw new ProtocolError(`log record: end_param ${m.end_param} is below start_param ${m.start_param}`);
  return { start: m.start_param, end: m.end_param };
}
