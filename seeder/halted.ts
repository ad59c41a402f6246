/** Whether a halted run may go on. */
import type { Broker, RunState } from '../core/broker/port.js';
import { pastBudget } from '../core/ledger/verdict.js';
import { ConfigError } from '../core/runtime/errors.js';

/**
 * Changes nothing: whoever publishes resumes the run, once its plan is in the log. Before that workers know only the
 * old budget, and would halt the run again.
 * @param maxDead the budget that the run is to have; that of its newest plan when omitted
 * @returns the state of a run that is halted and whose budget allows its dead by now; undefined where it is not halted
 * @param isHere whether `ttg run` computes the run, which decides what helps
 * @throws ConfigError where the run was cancelled, or where its budget does not allow its dead parameters
 */
export async function haltToEnd(
  broker: Pick<Broker, 'runStates'>,
  runId: string,
  maxDead?: number,
  isHere = false,
): Promise<RunState | undefined> {
  const state = (await broker.runStates()).get(runId);
  if (state?.halted === undefined) return undefined;
  if (state.halted === 'cancelled') {
    throw new ConfigError(
      `run ${runId} was cancelled: start a new one (${isHere ? '--run-id' : 'RUN_ID; chart: run.id'}), or take that ` +
        `back by \`ttg resume ${runId}\`. Nothing was published`,
    );
  }
  checkBudget(runId, state, maxDead, isHere);
  return state;
}

/** @throws ConfigError where workers would halt the run again at its next failure */
export function checkBudget(runId: string, state: RunState, maxDead = state.maxDead, isHere = false): void {
  if (maxDead === undefined || state.dead <= maxDead) return;
  throw new ConfigError(
    `run ${runId} is halted: ${state.dead} of its parameters ${state.dead === 1 ? 'is' : 'are'} dead, and its ` +
      `failure budget allows ${maxDead}. ${pastBudget(runId, isHere)}. Nothing was published`,
  );
}
