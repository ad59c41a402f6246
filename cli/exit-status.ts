/** What the exit status of a verb that judges a run says. */
import type { Verdict } from '../core/ledger/verdict.js';

export const EXIT_STATUSES = `
Exit statuses:
  0  complete: every parameter has exactly one result
  3  complete, but some of the parameters are dead
  1  incomplete, or what was asked for could not be done
  2  wrong usage or configuration`;

export function exitStatusOf({ complete }: Verdict): number {
  return complete ? 0 : 1;
}
