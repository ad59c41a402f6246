/** `--dry-run`: what would be run for each parameter, a line each, without end if need be. */
import type { Prepared } from './prepare.js';

/** @param print resolves with whether somebody still reads */
export async function dryRun(
  run: Prepared,
  print: (text: string) => Promise<boolean>,
  stop: AbortSignal,
): Promise<number> {
  for (let index = 0; index < run.total && !stop.aborted; index++)
    if (!(await print(`compute(${JSON.stringify(run.columnsOf(index) ?? index)})\n`))) return 0;
  return 0;
}
