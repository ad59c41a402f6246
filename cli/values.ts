/** What `ttg verify` says of values that lie outside of the log. */
import type { Ledger } from '../core/ledger/ledger.js';
import { describeIntervals } from '../core/model/interval.js';
import type { Context } from '../core/runtime/lifecycle.js';
import { plural } from '../core/runtime/words.js';
import { checkValues, type CheckedValues } from '../core/store/check-values.js';
import { Stores } from '../core/store/open.js';
import { fetchingFrom } from '../core/store/read-values.js';
import type { Source } from './source.js';

/** As text; JSON has all of them. */
const MOST_LINES = 20;

export function checkedValues(source: Source, { config, stop }: Context): Promise<CheckedValues> {
  return checkValues(source.records(), config.RUN_ID, fetchingFrom(new Stores(config, { stop })));
}

export function checkedText({ objects, bytes, lost }: CheckedValues): string {
  const mebibytes = (bytes / 2 ** 20).toFixed(1);
  const lines = [
    `values       ${plural(objects, 'object')} outside of the log, ${mebibytes} MiB: ${lost.length} lost or damaged`,
  ];
  for (const { reason } of lost.slice(0, MOST_LINES)) lines.push(`  ${reason}`);
  if (lost.length > MOST_LINES) lines.push(`  of ${lost.length}: parameters ${describeIntervals(lost)}`);
  return `${lines.join('\n')}\n`;
}

/** Empty where all values are in the log, or none are kept. */
export function elsewhereText({ plan, elsewhere }: Ledger): string {
  if (elsewhere === 0) return '';
  const where = plan?.store === undefined ? 'a store' : plan.store === 's3' ? 'S3' : 'a directory';
  return (
    `values       of ${plural(elsewhere, 'record')} lie in ${where}, outside of the log, and were not looked at: ` +
    '--values reads them all\n'
  );
}
