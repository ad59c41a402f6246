/** How verdict, report and status look to people. */
import type { Progress } from '../ops/demo/monitor.js';
import type { DeadLetter } from '../core/wire/dead-letter.js';
import { describeIntervals } from '../core/model/interval.js';
import { MOST_COLUMNS } from '../core/model/summary.js';
import type { ValueFigures } from '../core/model/totals.js';
import type { Report } from '../core/ledger/report.js';
import { haltText, type Verdict } from '../core/ledger/verdict.js';
import { counted, parametersText } from '../core/runtime/words.js';

const DEAD_SHOWN = 10;
const COLUMNS_SHOWN = 10;

export function verdictText(verdict: Verdict, missingShards: readonly string[]): string {
  const { parameters: p } = verdict;
  const aggregate = isByColumn(verdict)
    ? `${counted(verdict.other, 'value')}, by their columns`
    : aggregateText(verdict);
  const lines = [
    `run          ${verdict.runId}`,
    `parameters   ${p.expected} expected: ${p.ok} results, ${p.dead} dead, ${p.missing} missing, ` +
      `${p.duplicated} counted twice`,
    `records      ${counted(verdict.records, 'result')}, ${verdict.deduplicated} deduplicated, ` +
      `${verdict.conflicts.length} conflicting, ${verdict.undecodable} undecodable`,
    `recovered    ${counted(verdict.recovered, 'chunk')}, whose earlier attempt died or failed`,
    ...(verdict.reused > 0 ? [`reused       ${counted(verdict.reused, 'parameter')}, taken from another run`] : []),
    `aggregate    ${aggregate}`,
    ...verdict.columns.slice(0, COLUMNS_SHOWN).map((c) => `             ${printable(c.column)}: ${aggregateText(c)}`),
    ...moreColumns(verdict, COLUMNS_SHOWN).map((text) => `             ${text}`),
    `digest       ${verdict.digest}`,
    ...verdict.dead
      .slice(0, DEAD_SHOWN)
      .map((d) => `dead         ${describeIntervals([d])} after ${counted(d.attempts, 'attempt')}: ${d.error}`),
    ...(verdict.dead.length > DEAD_SHOWN ? [`dead         and ${verdict.dead.length - DEAD_SHOWN} more`] : []),
    ...missingShards.map((shard) => `missing      ${shard}`),
    ...verdict.faults.map((fault) => `fault        ${fault}`),
    outcomeText(verdict),
  ];
  return `${lines.join('\n')}\n`;
}

/** `sum 7, min 1, max 4, 3 NaN`: of plain numbers or of a column; other values are counted. */
function aggregateText({ sum, min, max, nan, infinite, other = 0 }: Aggregated): string {
  const others = [
    ...(nan > 0 ? [`${nan} NaN`] : []),
    ...(infinite > 0 ? [`${infinite} infinite`] : []),
    ...(other > 0 ? [`${other} ${other === 1 ? 'value is no number' : 'values are no numbers'}`] : []),
  ];
  // Where nothing is a number a sum of 0 would say that something was.
  if (min === null && others.length > 0) return others.join(', ');
  return [`sum ${sum}`, `min ${min ?? '–'}`, `max ${max ?? '–'}`, ...others].join(', ');
}

/** Whether no value is a number, and the columns say it all. */
const isByColumn = ({ min, nan, infinite, columns }: Pick<Report, 'min' | 'nan' | 'infinite' | 'columns'>): boolean =>
  min === null && nan + infinite === 0 && columns.length > 0;

type Aggregated = Pick<Report, 'sum' | 'min' | 'max' | 'nan' | 'infinite'> & { readonly other?: number };

function moreColumns({ columns, tooManyColumns }: ValueFigures, shown: number): string[] {
  if (tooManyColumns) return [`more than ${MOST_COLUMNS} numeric columns: none is aggregated`];
  return columns.length > shown ? [`and ${columns.length - shown} more columns (\`ttg results --verbose\`)`] : [];
}

/** The last line, and the first that anybody looks at. */
function outcomeText(verdict: Verdict): string {
  switch (verdict.outcome) {
    case 'complete':
      return 'COMPLETE     every parameter counts exactly once';
    case 'complete with dead parameters':
      return (
        'COMPLETE WITH DEAD PARAMETERS     every parameter counts exactly once, ' +
        `${verdict.parameters.dead} of them as dead letters`
      );
    case 'incomplete': {
      const halt = haltText(verdict);
      return `INCOMPLETE${halt ? `   ${halt}` : ''}`;
    }
  }
}

/** One line: id, parameters, attempts, time and the first line of the error. */
export function deadLetterLine(letter: DeadLetter): string {
  const { id, chunk, failedAt } = letter;
  const error = letter.error.split('\n', 1)[0] ?? '';
  if (!chunk) return `${id}  undecodable, ${counted(letter.raw.length, 'byte')}  ${failedAt}  ${error}\n`;
  const attempts = counted(letter.attempts, 'attempt');
  return `${id}  ${chunk.runId} ${parametersText(chunk)}  ${attempts}  ${failedAt} ${letter.workerId}  ${error}\n`;
}

export function reportText(report: Report, verbose: boolean): string {
  const workers = verbose ? report.workers : report.workers.slice(0, 10);
  const lines = [
    `run            ${report.runId}`,
    `parameters     ${report.parameters} in ${counted(report.chunks, 'chunk')}`,
    ...valueLines(report, verbose),
    `wall clock     ${report.wallSeconds ?? '–'} s from the first chunk in the queue to the last result; ` +
      `first start after ${report.firstStartSeconds ?? '–'} s`,
    `throughput     ${report.parametersPerSecond ?? '–'} parameters/s`,
    `parallelism    ${report.parallelism ?? '–'} (${report.busySeconds} s of computing)`,
    `recovered      ${counted(report.recovered, 'chunk')}`,
    ...(report.reused > 0 ? [`reused         ${counted(report.reused, 'parameter')}, taken from another run`] : []),
    `workers        ${report.workers.length}`,
    ...workers.map(
      (w) =>
        `  ${w.workerId.padEnd(28)} ${counted(w.chunks, 'chunk').padStart(14)} ` +
        `${counted(w.parameters, 'parameter').padStart(21)} ${w.busySeconds.toFixed(1).padStart(8)} s busy`,
    ),
    ...(workers.length < report.workers.length
      ? [`  and ${report.workers.length - workers.length} more (--verbose shows all)`]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** The aggregate of plain numbers, where there are any or there is nothing else; then a table of the columns. */
function valueLines(report: Report, verbose: boolean): string[] {
  const { sum, min, max, average, standardDeviation, nan, infinite, other, columns } = report;
  const shown = verbose ? columns : columns.slice(0, COLUMNS_SHOWN);
  const figures = [
    `sum            ${sum}`,
    `min / max      ${min ?? '–'} / ${max ?? '–'}`,
    `average        ${average ?? '–'}`,
    ...(standardDeviation === null ? [] : [`deviation      ${standardDeviation}`]),
  ];
  const notSummed = aggregateText({ sum: '', min: null, max: null, nan, infinite, other });
  return [
    ...(min === null && other > 0 ? [] : figures),
    ...(nan + infinite + other > 0 && !isByColumn(report) ? [`not summed     ${notSummed}`] : []),
    ...(shown.length > 0 ? tableOf(shown) : []),
    ...moreColumns(report, shown.length).map((text) => `  ${text}`),
  ];
}

function tableOf(columns: Report['columns']): string[] {
  const rows = columns.map((c) => [
    printable(c.column),
    String(c.count),
    ...[c.mean, c.standardDeviation, c.min, c.max].map((figure) => (figure === null ? '–' : shortNumber(figure))),
    c.sum.length > 24 ? shortNumber(Number(c.sum)) : c.sum,
    [...(c.nan > 0 ? [`${c.nan} NaN`] : []), ...(c.infinite > 0 ? [`${c.infinite} infinite`] : [])].join(', '),
  ]);
  const table = [['column', 'count', 'mean', 'deviation', 'min', 'max', 'sum', ''], ...rows];
  const widths = table[0]?.map((_, i) => Math.max(...table.map((row) => (row[i] as string).length))) ?? [];
  const padded = (cell: string, i: number): string =>
    i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
  return table.map((row) => `  ${row.map(padded).join('  ')}`.trimEnd());
}

/** A name may hold line feeds and what moves the cursor, begin with a space, or be empty. */
function printable(name: string): string {
  return /^$|^\s|\s$|\p{C}/u.test(name) ? JSON.stringify(name) : name;
}

/** Seven digits; `--json` has all of them. */
function shortNumber(figure: number): string {
  return String(Number(figure.toPrecision(7)));
}

export interface Status extends Omit<Progress, 'workers'> {
  /** Why the run takes no chunks: `cancelled`, or its failure budget; null or left out while it takes them. */
  readonly halted?: string | null;
}

const BAR = 30;

export function statusText(status: Status): string {
  const { total, done, dead } = status;
  if (total === 0) return `${status.runId}: not seeded yet\n`;
  const share = (done + dead) / total;
  const filled = Math.floor(share * BAR);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
  const rate = status.rate === null ? '' : `  ${Math.round(status.rate)}/s`;
  const eta = status.etaSeconds === null || status.halted ? '' : `  ${Math.ceil(status.etaSeconds)} s left`;
  const halted = status.halted ? `  ${status.halted}` : '';
  const d = status.depth;
  const parked = d && d.parked > 0 ? `, ${d.parked} parked` : '';
  const queue = d ? `  queue: ${d.ready} ready, ${d.leased} leased, ${d.delayed} delayed, ${d.dead} dead${parked}` : '';
  const dying = dead ? ` (+${dead} dead)` : '';
  return (
    `${status.runId} ${bar} ${(share * 100).toFixed(1)} %  ` +
    `${done}/${total}${dying}${rate}${eta}${halted}${queue}\n`
  );
}
