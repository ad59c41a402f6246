/** `ttg cancel` and `ttg resume`: a run is given up, or goes on after all. */
import { Command } from 'commander';
import { connect } from '../core/broker/connect.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { cancel, requireRun } from '../seeder/cancel.js';
import { repair } from '../seeder/repair.js';
import { run, runIdOption } from './command.js';

interface Options {
  readonly runId?: string;
  readonly force?: true;
}

export function cancelCommand(): Command {
  return new Command('cancel')
    .description('gives a run up: its chunks leave the queue, workers drop theirs, the verdict says "cancelled"')
    .addOption(runIdOption())
    .action((options: Options) => run(options, cancelRun));
}

export function resumeCommand(): Command {
  return new Command('resume')
    .description('ends the halt of a run that was cancelled or used up its failure budget: what it lacks is published')
    .addOption(runIdOption())
    .option(
      '--force',
      'whatever is queued still, where the broker cannot list its queue. What is computed twice is counted once',
    )
    .action((options: Options) => run(options, (program) => resumeRun(program, options.force ?? false)));
}

async function cancelRun({ config, log, stop, out }: Program): Promise<number> {
  requireQueue(config.QUEUE_MODE);
  await using broker = await connect(config, log, stop);
  const chunks = await cancel({ broker, runId: config.RUN_ID, stop });
  await out.print(`${config.RUN_ID} is cancelled: ${chunks} chunks left the queue, workers drop what they hold\n`);
  return 0;
}

async function resumeRun({ config, log, stop, out }: Program, force: boolean): Promise<number> {
  requireQueue(config.QUEUE_MODE);
  await using broker = await connect(config, log, stop);
  const runId = config.RUN_ID;
  await requireRun(broker, runId);
  const parked = await broker.resume(runId);
  const { published, refused } = await repair({ broker, runId, force, log, stop });
  await out.print(`${runId} goes on: ${parked} chunks were parked, ${published} are published\n`);
  if (refused) await out.print(`what was published before is left alone: ${refused}\n`);
  return 0;
}

/** @throws ConfigError in static mode */
function requireQueue(queueMode: boolean): void {
  if (queueMode) return;
  throw new ConfigError('static mode (QUEUE_MODE=false) has no queue: end the run by deleting its Job');
}
