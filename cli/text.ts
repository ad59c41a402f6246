/** How verdict, report and status look to people. */
import type { Progress } from '../ops/demo/monitor.js';
import type { DeadLetter } from '../core/wire/dead-letter.js';
import type { Report } from '../core/ledger/report.js';
import { haltText, type Verdict } from '../core/ledger/verdict.js';

const DEAD_SHOWN = 10;

export function verdictText(verdict: Verdict, missingShards: readonly string[]): string {
  const { parameters: p } = verdict;
  const lines = [
    `run          ${verdict.runId}`,
    `parameters   ${p.expected} expected: ${p.ok} results, ${p.dead} dead, ${p.missing} missing, ${p.duplicated} counted twice`,
    `records      ${verdict.records} results, ${verdict.deduplicated} deduplicated, ${verdict.conflicts.length} conflicting, ${verdict.undecodable} undecodable`,
    `recovered    ${verdict.recovered} chunks, whose earlier attempt died or failed`,
    `aggregate    sum ${verdict.sum}, min ${verdict.min ?? '–'}, max ${verdict.max ?? '–'}`,
    `digest       ${verdict.digest}`,
    ...verdict.dead
      .slice(0, DEAD_SHOWN)
      .map((d) => `dead         ${d.start}–${d.end} after ${d.attempts} attempts: ${d.error}`),
    ...(verdict.dead.length > DEAD_SHOWN ? [`dead         and ${verdict.dead.length - DEAD_SHOWN} more`] : []),
    ...missingShards.map((shard) => `missing      ${shard}`),
    ...verdict.faults.map((fault) => `fault        ${fault}`),
    outcomeText(verdict),
  ];
  return `${lines.join('\n')}\n`;
}

/** The last line, and the first that anybody looks at. */
function outcomeText(verdict: Verdict): string {
  switch (verdict.outcome) {
    case 'complete':
      return 'COMPLETE     every parameter counts exactly once';
    case 'complete with dead parameters':
      return `COMPLETE WITH DEAD PARAMETERS     every parameter counts exactly once, ${verdict.parameters.dead} of them as dead letters`;
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
  if (!chunk) return `${id}  undecodable, ${letter.raw.length} bytes  ${failedAt}  ${error}\n`;
  const parameters = chunk.start === chunk.end ? `parameter ${chunk.start}` : `parameters ${chunk.start}–${chunk.end}`;
  return `${id}  ${chunk.runId} ${parameters}  ${letter.attempts} attempts  ${failedAt} ${letter.workerId}  ${error}\n`;
}

export function reportText(report: Report, verbose: boolean): string {
  const workers = verbose ? report.workers : report.workers.slice(0, 10);
  const lines = [
    `run            ${report.runId}`,
    `parameters     ${report.parameters} in ${report.chunks} chunks`,
    `sum            ${report.sum}`,
    `min / max      ${report.min ?? '–'} / ${report.max ?? '–'}`,
    `average        ${report.average ?? '–'}`,
    `wall clock     ${report.wallSeconds ?? '–'} s from the first chunk in the queue to the last result; first start after ${report.firstStartSeconds ?? '–'} s`,
    `throughput     ${report.parametersPerSecond ?? '–'} parameters/s`,
    `parallelism    ${report.parallelism ?? '–'} (${report.busySeconds} s of computing)`,
    `recovered      ${report.recovered} chunks`,
    `workers        ${report.workers.length}`,
    ...workers.map(
      (w) =>
        `  ${w.workerId.padEnd(28)} ${String(w.chunks).padStart(7)} chunks ${String(w.parameters).padStart(9)} parameters ${w.busySeconds.toFixed(1).padStart(8)} s busy`,
    ),
    ...(workers.length < report.workers.length
      ? [`  and ${report.workers.length - workers.length} more (--verbose shows all)`]
      : []),
  ];
  return `${lines.join('\n')}\n`;
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
  return `${status.runId} ${bar} ${(share * 100).toFixed(1)} %  ${done}/${total}${dead ? ` (+${dead} dead)` : ''}${rate}${eta}${halted}${queue}\n`;
}
