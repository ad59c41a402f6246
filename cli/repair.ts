/** `ttg verify --repair`: publishes what a run lacks, and says on standard error what came of it. */
import { runsHere } from '../core/runtime/config.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Context } from '../core/runtime/lifecycle.js';
import { plural } from '../core/runtime/words.js';
import { repair } from '../seeder/repair.js';
import type { Source } from './source.js';

/** @throws ConfigError where there is no queue, or no plan in the log */
export async function repairRun({ broker }: Source, { config, log, stop }: Context, force: boolean): Promise<void> {
  if (!broker)
    throw new ConfigError(
      '--repair: static mode has no queue to publish to. A lost share is computed again by its Job: delete the Job, ' +
        'and deploy again',
    );
  const { RUN_ID: runId } = config;
  const { published, refused } = await repair({ broker, runId, force, isHere: runsHere(config), log, stop });
  const isIdle = published === 0 && !refused;
  const done = isIdle ? 'nothing to publish: all that is missing is queued' : `${plural(published, 'chunk')} published`;
  process.stderr.write(`repair       ${done}\n`);
  if (refused) process.stderr.write(`repair       what was published before is left alone: ${refused}\n`);
}
