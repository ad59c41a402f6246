/** `ttg rm`: frees the broker of a run that is finished or cancelled, or removes its folder; and its objects in a store. */
import { Command } from 'commander';
import { connect } from '../core/broker/connect.js';
import type { Broker, Forgotten } from '../core/broker/port.js';
import type { Ledger } from '../core/ledger/ledger.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { Stores } from '../core/store/open.js';
import { deleteObjects, ownObjects } from '../core/store/remove-values.js';
import { readRuns } from '../seeder/gaps.js';
import { takeSeeding } from '../seeder/lock.js';
import { run } from './command.js';
import { confirmed, objectsText, type Removal } from './removal.js';
import { removeFolder } from './rm-folder.js';
import { folderOf, parseRun } from './run-folder.js';

export function rmCommand(): Command {
  return new Command('rm')
    .description(
      'frees the broker of a run that is finished or cancelled: its records, dead letters, parked chunks and state, and ' +
        'the objects that hold its values in a store. Seeding the same id then begins anew. Of a run that `ttg run` made ' +
        'on this machine it removes the folder',
    )
    .argument('<run>', 'the run: its id or, of `ttg run`, the path of its folder', parseRun)
    .option('--yes', 'without asking')
    .option('--keep-values', 'leaves the objects with its values in their store')
    .action((given: string, options: { readonly yes?: true; readonly keepValues?: true }) => {
      const removal = { yes: options.yes ?? false, keepValues: options.keepValues ?? false };
      run({ everyRun: true }, (program) => remove(program, given, removal));
    });
}

async function remove(program: Program, given: string, removal: Removal): Promise<number> {
  const { config, log, stop, out } = program;
  if (!config.QUEUE_MODE && config.STATIC_JOB_NAME !== '')
    throw new ConfigError('static mode (QUEUE_MODE=false) has no broker to free: the run goes with its Job');
  const folder = folderOf(config, given);
  if (folder) return await removeFolder(program, folder, removal);
  const runId = given;
  await using broker = await connect(config, log, stop);
  const ledger = await removable(broker, runId);
  const objects = removal.keepValues ? undefined : await ownObjects(broker.records(), runId);
  const stores = new Stores(config, { stop });
  const values = objects ? objectsText(objects, stores) : '';
  if (!removal.yes && !(await confirmed(runId, `${ofBroker(runId, ledger, broker)}${values}`, stop))) {
    await out.print('Nothing was removed\n');
    return 1;
  }
  // Nobody publishes meanwhile, not even the rest of this run.
  await using seeding = await takeSeeding(broker, log, stop);
  await removable(broker, runId);
  // First what only the log names: who repeats this finds it.
  if (objects) await deleteObjects(objects, runId, stores);
  const forgotten = await seeding.forget(runId);
  await out.print(removedText(runId, forgotten, values, broker.traits.deletesRecords));
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

function ofBroker(runId: string, ledger: Ledger | undefined, { traits }: Broker): string {
  return traits.deletesRecords
    ? `${ledger?.results ?? 0} result records of run ${runId} and everything else of it`
    : `the dead letters and parked chunks of run ${runId}`;
}

function removedText(runId: string, freed: Forgotten, values: string, whole: boolean): string {
  const { records, deadLetters, parked, queued } = freed;
  const others = `${deadLetters} dead letters and ${parked} parked chunks`;
  if (whole)
    return `${runId} is removed: ${records} records, ${others}${queued > 0 ? `, and ${queued} chunks that were queued still` : ''}${values}\n`;
  return (
    `${others} of ${runId} are removed${values}. Its records stay: the log of this broker is a stream, from which nothing can be ` +
    'deleted. It is freed by a retention (a policy with max-age or max-length-bytes on the stream), which takes the ' +
    'records of all runs by age; or give each run a QUEUE_PREFIX (chart: queuePrefix) of its own, and delete its queues ' +
    'when it is over\n'
  );
}
