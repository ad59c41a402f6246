/** Cutting a chunk that fails into pieces, until the parameters that fail stand alone. Pure. */
import { size, type Interval } from './interval.js';
import type { Chunk } from './chunk.js';

/**
 * Pieces where nothing is known about which parameter fails: its process died with it. Each level of splitting then
 * costs leases that have to lapse, and eight pieces need a third of the levels of two: 1,000 → 125 → 16 → 2 → 1.
 */
const PARTS = 8;

/**
 * @param suspect the parameter at which the chunk failed, if that is known: split around it. Only a hint, since no
 *   parameter is dead before it has used up attempts of its own
 * @returns at least two pieces that tile the chunk, ascending
 */
export function splitChunk(chunk: Chunk, suspect?: number): Chunk[] {
  if (size(chunk) < 2) throw new Error(`chunk ${chunk.chunkId} is a single parameter: there is nothing to split`);
  const known = suspect !== undefined && suspect >= chunk.start && suspect <= chunk.end;
  const pieces = known ? around(chunk, suspect) : parts(chunk);
  return pieces.map(({ start, end }) => ({ ...chunk, start, end, piece: true, chunkId: pieceId(chunk, start, end) }));
}

/** As `chunkId` of plan.ts names pieces; a worker does not know the plan, but pieces never leave their grid chunk. */
function pieceId(chunk: Chunk, start: number, end: number): string {
  return `${chunk.chunkId.split('.', 1)[0]}.${start}-${end}`;
}

function around({ start, end }: Interval, suspect: number): Interval[] {
  const pieces = [
    { start, end: suspect - 1 },
    { start: suspect, end: suspect },
    { start: suspect + 1, end },
  ];
  return pieces.filter((piece) => size(piece) > 0);
}

function parts(chunk: Interval): Interval[] {
  const count = Math.min(PARTS, size(chunk));
  const border = (i: number): number => chunk.start + Math.floor((i * size(chunk)) / count);
  return Array.from({ length: count }, (_, i) => ({ start: border(i), end: border(i + 1) - 1 }));
}
