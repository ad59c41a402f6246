/** `ttg results --format table`, as a terminal and as a pipe get it. */
import { describe, expect, it } from 'vitest';
import { columnsWriter, type Terminal } from '../../cli/table/write-columns.js';
import type { Column } from '../../core/table/columns.js';
import type { Row } from '../../core/table/table.js';

const COLUMNS: readonly Column[] = [
  { name: 'index', type: 'integer' },
  { name: 'name', type: 'text' },
  { name: 'status', type: 'text' },
  { name: 'attempts', type: 'integer' },
  { name: 'loss', type: 'double' },
  { name: 'deep', type: 'json' },
  { name: 'error', type: 'text' },
];
const LONG = { list: [1, [2, { text: 'x'.repeat(60) }]] };
const ROWS: readonly Row[] = [
  [0, 'two\nlines', 'ok', 1, 0.12345678901, LONG, null],
  [1, '漢字', 'dead', 4, null, null, `no root: ${'y'.repeat(50)}`],
  [2, 'plain', 'missing', null, NaN, null, null],
];

async function shown(terminal: Terminal | undefined, rows = ROWS): Promise<string[]> {
  let text = '';
  const print = (more: string | Uint8Array): Promise<boolean> => {
    text += String(more);
    return Promise.resolve(true);
  };
  await columnsWriter(terminal)(rows, COLUMNS, { print });
  return text.trimEnd().split('\n');
}

const places = (line: string): number => [...line].reduce((sum, c) => sum + (/[漢字]/.test(c) ? 2 : 1), 0);

describe('columns', () => {
  it('stand in full where nobody looks, without colours', async () => {
    const lines = await shown(undefined);
    expect(lines[1]).toContain(JSON.stringify(LONG));
    expect(lines[1]).toContain('two lines');
    expect(lines[2]).toContain('y'.repeat(50));
    expect(lines.join('')).not.toContain('\u001B');
    // Characters of two places push nothing.
    expect(places(lines[2]?.split('dead')[0] ?? '')).toBe(lines[1]?.indexOf('ok'));
  });

  it.each([120, 80, 60, 40])('keep to a terminal of %i, and cut no number', async (columns) => {
    const lines = await shown({ columns, hasColors: false });
    const table = lines.filter((line) => !line.startsWith('not shown'));
    expect(table).toHaveLength(4);
    for (const line of table) expect(places(line)).toBeLessThanOrEqual(columns);
    if (table[0]?.includes('loss')) expect(table[1]).toContain('0.12345678901');
    for (const { name } of COLUMNS) expect(lines.join('\n')).toContain(name);
  });

  it('of little room are index, status and what failed, and the others are named', async () => {
    const lines = await shown({ columns: 30, hasColors: false });
    expect(lines[0]).toBe('index  status   error');
    expect(lines[2]).toBe(`    1  dead     no root: yyyy…`);
    expect(lines.at(-1)).toMatch(/^not shown: name, attempts, loss, deep \(/);
  });

  it('have colours on a terminal that has them: names, dead and missing', async () => {
    const lines = await shown({ columns: 120, hasColors: true });
    expect(lines[0]).toMatch(/^\u001B\[1mindex .*\u001B\[0m$/);
    expect(lines[2]).toContain('\u001B[31mdead');
    expect(lines[3]).toContain('\u001B[33mmissing');
    expect(lines[1]).not.toContain('\u001B');
  });

  it('without rows are their names', async () => {
    expect(await shown(undefined, [])).toEqual(['index  name  status  attempts  loss  deep  error']);
  });
});
