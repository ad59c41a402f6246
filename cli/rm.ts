/** `ttg rm`: frees the broker of a run that is finished or cancelled. */
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { connect } from '../core/broker/connect.js';
import type { Broker, Forgotten } from '../core/broker/port.js';
import type { Ledger } from '../core/ledger/ledger.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { readRuns } from '../seeder/gaps.js';
import { takeSeeding } from '../seeder/lock.js';
import { parseRunId, run } from './command.js';

export function rmCommand(): Command {
  return new Command('rm')
    .description(
      'frees the broker of a run that is finished or cancelled: its records, dead letters, parked chunks and state. ' +
        'Seeding the same id then begins anew',
    )
    .argument('<run>', 'the run', parseRunId)
    .option('--yes', 'without asking')
    .action((runId: string, options: { readonly yes?: true }) =>
      run({ runId }, (program) => remove(program, options.yes ?? false)),
    );
}

async function remove({ config, log, stop, out }: Program, yes: boolean): Promise<number> {
  if (!config.QUEUE_MODE)
    throw new ConfigError('static mode (QUEUE_MODE=false) has no broker to free: the run goes with its Job');
  const runId = config.RUN_ID;
  await using broker = await connect(config, log, stop);
  const ledger = await removable(broker, runId);
  if (!yes && !(await confirmed(runId, ledger, broker, stop))) {
    await out.print('Nothing was removed\n');
    return 1;
  }
  // Nobody publishes meanwhile, not even the rest of this run.
  await using seeding = await takeSeeding(broker, log, stop);
  await removable(broker, runId);
  const forgotten = await seeding.forget(runId);
  await out.print(removedText(runId, forgotten, broker.traits.deletesRecords));
  return broker.traits.deletesRecords ? 0 : 1;
}

/** @throws ConfigError where the log does not know the run, or the run is under way */
async function removable(broker: Broker, runId: string): Promise<Ledger | undefined> {
  const [runs, states] = [await readRuns(broker), await broker.runStates()];
  const ledger = runs.get(runId);
  // An earlier removal, which ended in the middle, left it cancelled.
  if (states.get(runId)?.halted === 'cancelled' || ledger?.isFinished) return ledger;
  if (ledger)
    throw new ConfigError(
      `run ${runId} is under way: ${ledger.missing().length > 0 || !ledger.plan ? 'parameters of it have neither result nor dead letter' : 'it is not finished'}. ` +
        `Give it up first, by \`ttg cancel ${runId}\`, or wait until it is finished. Nothing was removed`,
    );
  const known = [...runs.keys()];
  throw new ConfigError(
    `the log holds no run ${runId} (${known.length > 0 ? `it knows ${known.join(', ')}` : 'it holds no run at all'}): name the right one, ` +
      'and the queue by QUEUE_PREFIX',
  );
}

async function confirmed(
  runId: string,
  ledger: Ledger | undefined,
  { traits }: Broker,
  stop: AbortSignal,
): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new ConfigError(`nobody can be asked whether run ${runId} is to be removed: add --yes. Nothing was removed`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const what = traits.deletesRecords
      ? `${ledger?.results ?? 0} result records of run ${runId} and everything else of it`
      : `the dead letters and parked chunks of run ${runId}`;
    return /^y(es)?$/i.test((await asking.question(`Remove ${what} for good? [y/N] `, { signal: stop })).trim());
  } finally {
    asking.close();
  }
}

function removedText(runId: string, freed: Forgotten, whole: boolean): string {
  const { records, deadLetters, parked, queued } = freed;
  const others = `${deadLetters} dead letters and ${parked} parked chunks`;
  if (whole)
    return `${runId} is removed: ${records} records, ${others}${queued > 0 ? `, and ${queued} chunks that were queued still` : ''}\n`;
  return (
    `${others} of ${runId} are removed. Its records stay: the log of this broker is a stream, from which nothing can be ` +
    'deleted. It is freed by a retention (a policy with max-age or max-length-bytes on the stream), which takes the ' +
    'records of all runs by age; or give each run a QUEUE_PREFIX (chart: queuePrefix) of its own, and delete its queues ' +
    'when it is over\n'
  );
}
