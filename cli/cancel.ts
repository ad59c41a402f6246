/** `ttg cancel` and `ttg resume`: a run is given up, or goes on after all. */
import { Command } from 'commander';
import { connect } from '../core/broker/connect.js';
import { runsHere } from '../core/runtime/config.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { plural } from '../core/runtime/words.js';
import { cancel, requireRun } from '../seeder/cancel.js';
import { checkBudget } from '../seeder/halted.js';
import { repair } from '../seeder/repair.js';
import { run, runArgument, runIdOption, withRun } from './command.js';
import { contextOption, namespaceOption, releaseOption, resumeOnCluster, type Cluster } from './pause.js';

interface Options extends Partial<Cluster> {
  readonly runId?: string;
  readonly force?: true;
}

export function cancelCommand(): Command {
  return new Command('cancel')
    .description('gives a run up: its chunks leave the queue, workers drop theirs, the verdict says "cancelled"')
    .addArgument(runArgument())
    .addOption(runIdOption())
    .action((runId: string | undefined, options: Options) => run(withRun(runId, options), cancelRun));
}

export function resumeCommand(): Command {
  return new Command('resume')
    .description('ends the halt of a run that was cancelled or used up its failure budget: what it lacks is published')
    .addArgument(runArgument())
    .addOption(runIdOption())
    .option(
      '--force',
      'whatever is queued still, where the broker cannot list its queue. What is computed twice is counted once',
    )
    .addOption(contextOption('on the cluster of this kubectl context: takes back `ttg pause` too'))
    .addOption(namespaceOption())
    .addOption(releaseOption())
    .action((runId: string | undefined, options: Options & Cluster) => {
      const given = withRun(runId, options);
      const force = options.force ?? false;
      if (options.context === undefined) run(given, (program) => resumeRun(program, force));
      else
        run(given, (program) => {
          const { RUN_ID } = program.config;
          return resumeOnCluster(program, options, { runId: given.runId === undefined ? undefined : RUN_ID, force });
        });
    });
}

async function cancelRun({ config, log, stop, out }: Program): Promise<number> {
  requireQueue(config.QUEUE_MODE);
  await using broker = await connect(config, log, stop);
  const chunks = await cancel({ broker, runId: config.RUN_ID, stop });
  await out.print(
    `${config.RUN_ID} is cancelled: ${plural(chunks, 'chunk')} left the queue. Workers drop those that they hold at ` +
      'their next heartbeat\n',
  );
  return 0;
}

async function resumeRun({ config, log, stop, out }: Program, force: boolean): Promise<number> {
  requireQueue(config.QUEUE_MODE);
  await using broker = await connect(config, log, stop);
  const runId = config.RUN_ID;
  await requireRun(broker, runId);
  const isHere = runsHere(config);
  const state = (await broker.runStates()).get(runId);
  if (state?.halted !== undefined) checkBudget(runId, state, undefined, isHere);
  const parked = await broker.resume(runId);
  const { published, refused } = await repair({ broker, runId, force, isHere, log, stop });
  const again = `${plural(parked, 'chunk')} ${parked === 1 ? 'was parked and is' : 'were parked and are'} queued again`;
  await out.print(`${runId} goes on: ${again}, ${published} ${published === 1 ? 'is' : 'are'} published\n`);
  if (refused) await out.print(`What was published before is left alone: ${refused}\n`);
  return 0;
}

/** @throws ConfigError in static mode */
function requireQueue(queueMode: boolean): void {
  if (queueMode) return;
  throw new ConfigError('static mode (QUEUE_MODE=false) has no queue: end the run by deleting its Job');
}
