/** An entry of the dead-letter queue: what nobody will compute any more unless somebody asks for it. */
import type { Chunk } from '../model/chunk.js';
import type { Wire } from './records.js';
import { encodeChunk } from './chunk-codec.js';

interface Entry {
  /** The broker's name for it, the same each time it is listed. */
  readonly id: string;
  /** Why it is here. */
  readonly error: string;
  /** ISO 8601, UTC; empty where the broker put it here itself. */
  readonly failedAt: string;
}

/** A chunk that was given up. */
export interface DeadChunk extends Entry {
  readonly chunk: Chunk;
  readonly attempts: number;
  /** Names the stack, see DeadRecord. */
  readonly stackId: string;
  readonly stack: string;
  readonly workerId: string;
}

/** A message that is no chunk, as it is. */
export interface Undecodable extends Entry {
  readonly chunk: undefined;
  /** On Redis the names and values of its fields, each ended by a zero byte. */
  readonly raw: Buffer;
}

export type DeadLetter = DeadChunk | Undecodable;

/** As JSON: the payload as on the wire, or the raw bytes in base64. */
export function deadLetterWire(letter: DeadLetter): Wire {
  const { id, error, failedAt } = letter;
  const common = { id, error, failed_at: failedAt };
  if (!letter.chunk) return { ...common, raw_base64: letter.raw.toString('base64') };
  const { attempts, workerId, stackId, stack } = letter;
  return { ...common, attempts, worker_id: workerId, stack_id: stackId, stack, payload: encodeChunk(letter.chunk) };
}
