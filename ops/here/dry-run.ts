/** `--dry-run`: what would be run for each parameter, a line each; nothing is kept, however many there are. */
import type { Sweep } from '../../core/model/sweep.js';
import { expandCommand, parameterJson } from '../../core/sweep/command.js';
import { lineText } from '../../core/sweep/line.js';
import { shellLine } from './words.js';

/** Lines that are printed at a time. */
const TOGETHER = 500;

/**
 * @param source what stands for `{source}`
 * @param print resolves with whether somebody still reads
 */
export async function dryRun(
  sweep: Sweep,
  source: string | undefined,
  print: (text: string) => Promise<boolean>,
  stop: AbortSignal,
): Promise<number> {
  const { total } = sweep.parameters;
  for (let index = 0; index < total && !stop.aborted; index += TOGETHER) {
    const count = Math.min(TOGETHER, total - index);
    const text = Array.from({ length: count }, (_, i) => `${dryLine(sweep, source, index + i)}\n`).join('');
    if (!(await print(text))) return 0;
  }
  return 0;
}

/** The command of a process, the line that a program reads, or the call of a module. */
export function dryLine({ computation, parameters }: Sweep, source: string | undefined, index: number): string {
  const columns = parameters.at(index);
  if (computation.kind !== 'program') return `compute(${parameterJson(index, columns)})`;
  const { protocol, batch } = computation;
  if (protocol === 'lines') return lineText(index, [parameterJson(index, columns)], batch !== undefined);
  return shellLine(expandCommand(computation.command, { index, columns, source }));
}
