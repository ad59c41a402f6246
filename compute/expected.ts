/** What a run's aggregate must be, where that can be calculated without computing it. */
import type { Ledger } from '../core/ledger/ledger.js';
import type { Expected } from '../core/ledger/verdict.js';
import { expectedTotal } from './builtin.js';

/** What the run's sum, minimum and maximum must be; undefined for a computation that only its owner can check. */
export function expectedOf(ledger: Ledger): Expected | undefined {
  if (ledger.plan?.computation !== 'builtin') return undefined;
  const { sumHundredths, min, max } = expectedTotal(ledger.plan.totalParameters);
  return { sumUnits: sumHundredths, decimals: 2, min, max };
}
