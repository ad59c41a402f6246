/** What seeding a halted run means. */
import type { Broker } from '../core/broker/port.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Plan } from '../core/model/plan.js';
import type { Logger } from '../core/runtime/logger.js';

/**
 * A run whose budget has been raised above its dead goes on.
 * @throws ConfigError where the run was cancelled, or where its budget still does not allow its dead parameters
 */
export async function checkHalted(broker: Broker, plan: Plan, log: Logger): Promise<void> {
  const state = (await broker.runStates()).get(plan.runId);
  if (state?.halted === undefined) return;
  if (state.halted === 'cancelled') {
    throw new ConfigError(
      `run ${plan.runId} was cancelled: start a new one (RUN_ID; chart: run.id), or take that back by ttg resume --run-id ${plan.runId}. Nothing was published`,
    );
  }
  if (state.dead > plan.maxDead) {
    throw new ConfigError(
      `run ${plan.runId} is halted: ${state.dead} of its parameters are dead, and its failure budget is ${plan.maxDead}. ` +
        'ttg dlq list says why they died. Mend that and replay them (ttg dlq replay --all) and resume the run (ttg resume), ' +
        'or raise the budget (MAX_DEAD; chart: run.maxDead). Nothing was published',
    );
  }
  const chunks = await broker.resume(plan.runId);
  log.info(
    { run_id: plan.runId, dead: state.dead, max_dead: plan.maxDead, chunks },
    'the budget was raised: the run goes on',
  );
}
