/** `parameters` of a sweep document: exactly one of range, grid, table, grid × table and sample. */
import type { Parameters, SweepDocument } from '../model/sweep.js';
import type { Columns } from '../model/value.js';
import { Fault, isNothing, onlyKeys, type Path } from './fault.js';
import { checkTotal, gridOf } from './grid.js';
import { rangeOf } from './range.js';
import { sampleOf } from './sample/sample.js';
import { tableOfFile, tableOfText } from './table/table.js';

const KINDS = ['range', 'grid', 'table', 'sample'] as const;
const FORMS = 'range, grid, table, grid and table, or sample';

/** What parameters are, spelled in one way: part of the sweep's id. */
export type Normal = Readonly<Record<string, unknown>>;

/** One source of parameters, or two crossed. */
interface Source {
  readonly total: number;
  readonly columns: readonly string[];
  at(index: number): Columns;
  /** As JSON.stringify has it, where that can be had faster. */
  textAt?(index: number): string;
  standIns(): Iterable<Columns>;
  readonly words: string;
  readonly normal: unknown;
}

/**
 * @param used placeholders of the command
 * @param tableName what the table's text was read from
 */
export function parametersOf(
  { parameters: given, table: text }: SweepDocument,
  used: ReadonlySet<string>,
  tableName: string | undefined,
): { readonly parameters: Parameters; readonly normal: Normal } {
  const path = ['parameters'];
  onlyKeys(given, KINDS, path);
  const where = (kind: string): Path => [...path, kind];
  const table = (): Source => {
    if (text !== undefined && !isNothing(given['table'])) throw new Fault(where('table'), 'is given twice: give one');
    const inline = text ?? given['table'];
    if (typeof inline === 'string') return tableOfText(inline, where('table'), tableName);
    return tableOfFile(given['table'], where('table'));
  };
  const grid = (): Source => gridOf(given['grid'], where('grid'), used);
  const kinds = KINDS.filter((kind) => !isNothing(given[kind]) || (kind === 'table' && text !== undefined));
  switch (kinds.join(' ')) {
    case 'range':
      return parameters(rangeOf(given['range'], where('range')), (normal) => ({ range: normal }), '');
    case 'grid':
      return parameters(grid(), (normal) => ({ grid: normal }), 'grid of ');
    case 'table':
      return parameters(table(), (normal) => ({ table: normal }), '');
    case 'grid table': {
      const crossed = cross(table(), grid(), path);
      return parameters(crossed, (normal) => normal as Normal, '');
    }
    case 'sample':
      return parameters(sampleOf(given['sample'], where('sample'), used), (normal) => ({ sample: normal }), '');
    case '':
      throw new Fault(path, `is empty, and there is nothing to compute: give ${FORMS}`);
    default:
      throw new Fault(path, `has ${kinds.join(' and ')}: give one of ${FORMS}`);
  }
}

function parameters(source: Source, normal: (of: unknown) => Normal, before: string): ReturnType<typeof parametersOf> {
  const { total, columns, words } = source;
  const describe = (): string => sentence(before + words, total);
  const at = (index: number): Columns => source.at(index);
  const textAt = (index: number): string => source.textAt?.(index) ?? JSON.stringify(source.at(index));
  const standIns = (): Iterable<Columns> => source.standIns();
  return { normal: normal(source.normal), parameters: { total, columns, describe, at, textAt, standIns } };
}

/**
 * Every row with every combination. The table is the slower: its rows are read one after the other, and rows that are
 * added to it come behind all others.
 */
function cross(table: Source, grid: Source, path: Path): Source {
  const both = grid.columns.find((name) => table.columns.includes(name));
  if (both !== undefined) throw new Fault([...path, 'grid', both], 'is a column of the table, too: rename one of them');
  const words = `${table.words} (${table.total.toLocaleString('en')} rows) × grid of ${grid.words}`;
  return {
    total: checkTotal([table.total, grid.total], words, path),
    columns: [...table.columns, ...grid.columns],
    words,
    normal: { grid: grid.normal, table: table.normal },
    *standIns() {
      yield* table.standIns();
      yield* grid.standIns();
    },
    at: (index) => {
      const place = index % grid.total;
      return { ...table.at((index - place) / grid.total), ...grid.at(place) };
    },
  };
}

function sentence(words: string, total: number): string {
  return `${words}: ${total.toLocaleString('en')} ${total === 1 ? 'parameter' : 'parameters'}`;
}
