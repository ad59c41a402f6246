/** Chunks as they travel in numbers: what they have in common once, then each one's own fields. */
import type { Chunk } from '../../model/chunk.js';
import { decodeChunk, encodeChunk } from '../../wire/chunk-codec.js';
import type { Wire } from '../../wire/records.js';
import { OWN_FIELDS, ROW, type Row, type Rows, type Template } from './protocol.js';

export interface Named {
  readonly id: number;
  readonly attempt: number;
  readonly chunk: Chunk;
}

export function* chunksOfRows({ templates, rows }: Rows): Generator<Named> {
  for (let at = 0; at < rows.length; at += ROW) {
    const [id, attempt, place, chunkId, start, end] = rows.slice(at, at + ROW) as [
      number,
      number,
      number,
      string,
      number,
      number,
    ];
    const own = { chunk_id: chunkId, start_param: start, end_param: end, total_in_chunk: end - start + 1 };
    yield { id, attempt, chunk: decodeChunk({ ...templates[place], ...own }) };
  }
}

export interface Window {
  readonly template: Template;
  readonly rows: Row[];
}

/** Chunks that have everything but their own fields in common, at most `most` of them. */
export function* windowsOf(chunks: Iterable<Chunk>, most: number): Generator<Window> {
  let window: Window | undefined;
  for (const chunk of chunks) {
    const wire = encodeChunk(chunk);
    if (window && (window.rows.length >= most || !fits(wire, window.template))) {
      yield window;
      window = undefined;
    }
    window ??= { template: templateOf(wire), rows: [] };
    window.rows.push([chunk.chunkId, chunk.start, chunk.end]);
  }
  if (window) yield window;
}

const OWN = new Set<string>(OWN_FIELDS);

function fits(wire: Wire, template: Template): boolean {
  for (const name in wire) if (wire[name] !== template[name] && !OWN.has(name)) return false;
  return true;
}

export function templateOf(wire: Wire): Template {
  const template = { ...wire };
  for (const field of OWN_FIELDS) delete template[field];
  return template;
}
