/** Task messages: chunks as they travel, with the public field names on the wire and ours in memory. */
import * as z from 'zod/mini';
import type { Chunk } from '../model/chunk.js';
import { ProtocolError } from '../runtime/errors.js';
import { chunkByHand } from './by-hand.js';
import type { Wire } from './records.js';
import { filled, flag, natural, parse, range, text } from './schema.js';

const chunkWire = z.object({
  ...range,
  run_id: filled,
  chunk_id: filled,
  total_in_chunk: natural,
  computation: filled,
  created_at: text,
  keep_values: flag,
  piece: z.optional(flag),
});

export function encodeChunk(chunk: Chunk): Wire {
  return {
    chunk_id: chunk.chunkId,
    start_param: chunk.start,
    end_param: chunk.end,
    total_in_chunk: chunk.end - chunk.start + 1,
    created_at: chunk.createdAt,
    run_id: chunk.runId,
    computation: chunk.computation,
    keep_values: chunk.keepValues,
    piece: chunk.piece,
  };
}

/** @throws ProtocolError if a field is missing or wrong, or the counts contradict each other */
export function decodeChunk(wire: unknown): Chunk {
  return chunkByHand(wire) ?? chunkBySchema(wire);
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
    keepValues: m.keep_values,
    piece: m.piece ?? false,
    createdAt: m.created_at,
  };
}
