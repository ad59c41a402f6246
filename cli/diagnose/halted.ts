/**
 * A run that takes no chunks, whatever else is right or wrong: somebody gave it up, or its failure budget is used up.
 */
import { plural } from '../../core/runtime/words.js';
import type { Look, Observation } from './facts.js';
import { brief, isHere, runAgain, ttg, type Finding } from './finding.js';

export function halted(seen: Observation, { dead }: Look, halt: NonNullable<Look['halted']>): Finding {
  const { commonest, maxDead, error } = halt;
  const ways = isHere(seen) ? here(seen) : elsewhere(seen);
  if (halt.reason === 'cancelled') return { cause: 'cancelled', because: 'it was cancelled', remedy: ways.cancelled };
  if (error !== undefined)
    return {
      cause: 'computation-unloadable',
      because: `it is halted, since its computation cannot start (${brief(error)}); nothing of it is lost`,
      remedy: ways.cannotStart,
    };
  const over =
    `it is halted, since ${plural(dead, 'parameter')} ${dead === 1 ? 'is' : 'are'} dead and its failure budget ` +
    'allows ' +
    maxDead.toLocaleString('en');
  if (commonest?.whole)
    return {
      cause: 'computation-unloadable',
      because: `${over}: its computation cannot be loaded (${brief(commonest.error)})`,
      remedy: ways.cannotLoad,
    };
  const why = commonest ? `; ${commonest.parameters.toLocaleString('en')} died of: ${brief(commonest.error)}` : '';
  return { cause: 'over-budget', because: `${over}${why}`, remedy: ways.overBudget };
}

type Ways = Readonly<Record<'cancelled' | 'cannotStart' | 'cannotLoad' | 'overBudget', string>>;

/** By `ttg run`, which seeds and computes with one command. */
function here(seen: Observation): Ways {
  const retried = runAgain(seen, ' --retry-dead');
  return {
    cancelled: `${ttg(seen, 'resume', seen.runId)} takes that back, and then ${runAgain(seen)} goes on`,
    cannotStart: `mend the program, or what it needs, and then ${runAgain(seen)} goes on`,
    cannotLoad: `mend what the module needs, and then ${retried}. A changed module is another run: give it a --run-id`,
    overBudget:
      `mend what they need, and then ${retried}; or raise the budget: ${runAgain(seen, ' --set run.maxDead=N')}. ` +
      'A changed program is another run: give it a --run-id',
  };
}

function elsewhere(seen: Observation): Ways {
  const resume = ttg(seen, 'resume', seen.runId);
  const replayed = `put the dead parameters back into the queue by ${ttg(seen, 'replay', '--all')}, and then ${resume}`;
  return {
    cancelled: `${resume} takes that back`,
    cannotStart: `mend the program, or the image that it is in, and then ${resume}`,
    cannotLoad: `mend the module, and deploy it with the release (--set-file computation.source=FILE); ${replayed}`,
    overBudget:
      `mend what fails, ${replayed}; or raise the budget (run.maxDead, MAX_DEAD) and seed the run again, which goes ` +
      'on with what is not dead',
  };
}
