/** A parameter that is dead, in one line. */
import type { DeadRecord } from '../../core/wire/records.js';
import { parametersText, plural } from '../../core/runtime/words.js';
import type { ColumnsOf } from './joblog.js';

const LONGEST = 200;

/** `parameter 17 {"alpha":0.3}: exit status 1: no such file (after 4 attempts)` */
export function deathText({ start, end, attempts, error }: DeadRecord, columnsOf: ColumnsOf): string {
  const columns = start === end ? columnsOf(start) : undefined;
  const [first = ''] = error.split('\n', 1);
  const what = first.length > LONGEST ? `${first.slice(0, LONGEST)}…` : first;
  return (
    `${parametersText({ start, end })}${columns ? ` ${JSON.stringify(columns)}` : ''}: ${what} (after ` +
    `${plural(attempts, 'attempt')})`
  );
}
