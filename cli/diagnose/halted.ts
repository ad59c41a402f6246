/**
 * A run that takes no chunks, whatever else is right or wrong: somebody gave it up, or its failure budget is used up.
 */
import { plural } from '../../core/runtime/words.js';
import type { Look, Observation } from './facts.js';
import { brief, ttg, type Finding } from './finding.js';

export function halted(seen: Observation, { dead }: Look, halt: NonNullable<Look['halted']>): Finding {
  const resume = ttg(seen, 'resume', seen.runId);
  if (halt.reason === 'cancelled')
    return { cause: 'cancelled', because: 'it was cancelled', remedy: `${resume} takes that back` };
  const { commonest, maxDead, error } = halt;
  if (error !== undefined)
    return {
      cause: 'computation-unloadable',
      because: `it is halted, since its computation cannot start (${brief(error)}); nothing of it is lost`,
      remedy: `mend the program, or the image that it is in, and then ${resume}`,
    };
  const replayed = `put the dead parameters back into the queue by ${ttg(seen, 'replay', '--all')}, and then ${resume}`;
  const over = `it is halted, since ${plural(dead, 'parameter')} are dead and its failure budget allows ${maxDead.toLocaleString('en')}`;
  if (commonest?.whole)
    return {
      cause: 'computation-unloadable',
      because: `${over}: its computation cannot be loaded (${brief(commonest.error)})`,
      remedy: `mend the module, and deploy it with the release (--set-file computation.source=FILE); ${replayed}`,
    };
  const why = commonest ? `; ${commonest.parameters.toLocaleString('en')} died of: ${brief(commonest.error)}` : '';
  return {
    cause: 'over-budget',
    because: `${over}${why}`,
    remedy: `mend what fails, ${replayed}; or raise the budget (run.maxDead, MAX_DEAD) and seed the run again, which goes on with what is not dead. For \`ttg run\` it is the same command with --retry-dead, or with --set run.maxDead=N`,
  };
}
