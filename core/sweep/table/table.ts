/** Rows of a CSV or of JSON lines as parameters: checked once from end to end, then read by row, a block at a time. */
import type { Columns } from '../../model/value.js';
import { Fault, objectOf, onlyKeys, show, type Path } from '../fault.js';
import { bytesOfFile, bytesOfText, type Bytes } from './bytes.js';
import { Misread } from './csv.js';
import { indexRows, ROWS_A_BLOCK, type Index } from './index-rows.js';

export interface Table {
  readonly total: number;
  readonly columns: readonly string[];
  at(index: number): Columns;
  standIns(): Iterable<Columns>;
  readonly words: string;
  /** Of its bytes: the same whether they stand in the document or in a file. */
  readonly normal: { readonly sha256: string };
}

/** Blocks that are kept: a worker goes through rows in order, in a few chunks side by side. */
const MOST_BLOCKS = 16;

/** @param name where the text was read from, for messages; undefined where nobody knows */
export function tableOfText(text: string, path: Path, name: string | undefined): Table {
  return table(bytesOfText(text), path, name);
}

/** `{path, sha256}`: a file on a volume that seeder and workers mount. */
export function tableOfFile(given: unknown, path: Path): Table {
  const file = objectOf(
    given,
    path,
    'the text of a table (ttg: --table FILE, helm: --set-file parameters.table=FILE), or {path: …, sha256: …} of a file on a volume',
  );
  onlyKeys(file, ['path', 'sha256'], path);
  const { path: name, sha256 } = file;
  if (typeof name !== 'string' || !name.startsWith('/'))
    throw new Fault([...path, 'path'], `is ${show(name)}: give the absolute path of a file on a volume`);
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
    throw new Fault([...path, 'sha256'], `is ${show(sha256)}: give the 64 digits that \`sha256sum ${name}\` prints`);
  let bytes: Bytes;
  try {
    bytes = bytesOfFile(name);
  } catch (error) {
    throw new Fault(
      [...path, 'path'],
      `cannot be read: ${(error as Error).message}. Mount the volume there, for seeder and workers, or name a copy on this machine (ttg run --table FILE)`,
    );
  }
  const rows = table(bytes, path, name);
  if (rows.normal.sha256 !== sha256)
    throw new Fault(
      [...path, 'sha256'],
      `is ${sha256.slice(0, 12)}…, and ${name} has ${rows.normal.sha256}: it is another file than was meant. ` +
        'Restore it, or give its own sum and a new run.id',
    );
  return rows;
}

function table(bytes: Bytes, path: Path, name: string | undefined): Table {
  const file = name === undefined ? '' : `${name}, `;
  let index: Index;
  try {
    index = indexRows(bytes);
  } catch (error) {
    if (!(error instanceof Misread)) throw error;
    throw new Fault(path, `(${file}${placeOf(bytes, error)}): ${error.message}`);
  }
  const { format, rows, offsets, sha256 } = index;
  const { columns } = format;
  if (rows === 0)
    throw new Fault(
      path,
      `${file === '' ? '' : `(${name}) `}has no rows: give a header and at least one row (or JSON lines)`,
    );
  const blocks = new Map<number, Columns[]>();
  const blockOf = (number: number): Columns[] => {
    const known = blocks.get(number);
    if (known) return known;
    const [start, end] = [offsets[number] as number, offsets[number + 1] as number];
    const read = format.rows(bytes.read(start, end - start));
    const [oldest] = blocks.keys();
    if (blocks.size >= MOST_BLOCKS && oldest !== undefined) blocks.delete(oldest);
    blocks.set(number, read);
    return read;
  };
  const at = (row: number): Columns => {
    const number = Math.floor(row / ROWS_A_BLOCK);
    const found = blockOf(number)[row % ROWS_A_BLOCK];
    if (found) return found;
    throw new Error(`${name ?? 'the table'} changed while it was read: it has no row ${row} any more`);
  };
  return {
    total: rows,
    columns,
    words: `table of ${columns.join(', ')}`,
    normal: { sha256 },
    at,
    *standIns() {
      for (let row = 0; row < rows; row++) yield at(row);
    },
  };
}

/** `line 17, column 3`: counted by reading once more what is before it, which only a fault costs. */
function placeOf(bytes: Bytes, { offset, column }: Misread): string {
  let line = 1;
  let begin = 0;
  for (let at = 0; at < offset;) {
    const block = bytes.read(at, Math.min(65_536, offset - at));
    for (let feed = block.indexOf(0x0a); feed >= 0; feed = block.indexOf(0x0a, feed + 1)) {
      line++;
      begin = at + feed + 1;
    }
    at += block.length;
  }
  const character = bytes.read(begin, Math.min(offset - begin, 1024 * 1024)).toString('utf8').length + 1;
  return `line ${line}, ${column === undefined ? `character ${character}` : `column ${column + 1}`}`;
}
