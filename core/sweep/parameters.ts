/** `parameters` of a sweep document: exactly one of range, grid, table, grid × table and sample. */
import type { Parameters, SweepDocument } from '../model/sweep.js';
import { Fault, isNothing, onlyKeys } from './fault.js';
import { gridOf } from './grid.js';
import { rangeOf } from './range.js';

const KINDS = ['range', 'grid', 'table', 'sample'] as const;
const FORMS = 'range, grid, table, grid and table, or sample';

/** What parameters are, spelled in one way: part of the sweep's id. */
export type Normal = Readonly<Record<string, unknown>>;

/** @param used placeholders of the command */
export async function parametersOf(
  { parameters: given, table }: SweepDocument,
  used: ReadonlySet<string>,
  tableName: string,
): Promise<{ readonly parameters: Parameters; readonly normal: Normal }> {
  const path = ['parameters'];
  onlyKeys(given, KINDS, path);
  const kinds = KINDS.filter((kind) => !isNothing(given[kind]) || (kind === 'table' && table !== undefined));
  void tableName;
  switch (kinds.join(' ')) {
    case 'range': {
      const { words, normal, ...range } = rangeOf(given['range'], ['parameters', 'range']);
      return { normal: { range: normal }, parameters: { ...range, describe: () => sentence(words, range.total) } };
    }
    case 'grid': {
      const { words, normal, ...grid } = gridOf(given['grid'], ['parameters', 'grid'], used);
      return {
        normal: { grid: normal },
        parameters: { ...grid, describe: () => sentence(`grid of ${words}`, grid.total) },
      };
    }
    case '':
      throw new Fault(path, `is empty, and there is nothing to compute: give ${FORMS}`);
    default:
      throw new Fault(path, `has ${kinds.join(' and ')}: give one of ${FORMS}`);
  }
}

export function sentence(words: string, total: number): string {
  return `${words}: ${total.toLocaleString('en')} ${total === 1 ? 'parameter' : 'parameters'}`;
}
