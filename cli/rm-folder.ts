/** `ttg rm` of a run that `ttg run` made: its folder, and the objects that hold its values. */
import { dirname, join } from 'node:path';
import { lockDirectory } from '../core/broker/embedded/coordinator/lock.js';
import {
  emptyRunFolder,
  removeIfEmpty,
  runFolderAt,
  runFoldersIn,
  type RunFolder,
} from '../core/broker/embedded/run-folder.js';
import { readLedger } from '../core/ledger/ledger.js';
import { ConfigError } from '../core/runtime/errors.js';
import { storesOfFolder } from '../core/store/of-folder.js';
import { deleteObjects, ownObjects, type OwnObjects } from '../core/store/remove-values.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { confirmed, objectsText, type Removal } from './removal.js';
import { keepsBroker } from './run-broker.js';
import { logElsewhere } from './run-folder.js';

/** @returns the exit status */
export async function removeFolder(program: Program, folder: RunFolder, removal: Removal): Promise<number> {
  const { config, stop, out } = program;
  const { runId, path } = folder;
  const holder = folder.holder();
  if (holder !== undefined)
    throw new ConfigError(
      `run ${runId} is at work, in ${holder} (${path}): end it by Ctrl-C, or wait until it is finished. Nothing was removed`,
    );
  if (!folder.hasLog) checkLog(folder, removal);
  const unlock = lockDirectory(path);
  try {
    const objects = removal.keepValues ? undefined : await objectsOf(folder);
    const stores = storesOfFolder(folder.meta, config, { stop });
    const what = `the folder ${path} with ${await contentText(folder)}${objects ? objectsText(objects, stores) : ''}`;
    if (!removal.yes && !(await confirmed(runId, what, stop))) {
      await out.print('Nothing was removed\n');
      return 1;
    }
    // First what only the log names: who repeats this finds it.
    if (objects) await deleteObjects(objects, runId, stores);
    emptyRunFolder(path);
    await out.print(`${runId} is removed: ${what}\n`);
  } finally {
    unlock();
  }
  const others = removeIfEmpty(path);
  if (others.length > 0)
    await out.print(`${path} stays: it holds what \`ttg run\` did not make (${others.slice(0, 5).join(', ')})\n`);
  return 0;
}

/** @throws ConfigError where the run is not in the folder alone */
function checkLog(folder: RunFolder, { keepValues }: Removal): void {
  if (!keepsBroker(folder)) throw new ConfigError(`${logElsewhere(folder)}, and remove the run there`);
  // Which objects are its own, only the log tells.
  if (folder.meta.store && !keepValues)
    throw new ConfigError(
      `the values of run ${folder.runId} may lie in a store, and its log is with a broker that does not run: add ` +
        '--keep-values, and delete the objects whose names begin with its id. Nothing was removed',
    );
}

/** A copy of the folder beside it names the same objects. */
async function objectsOf(folder: RunFolder): Promise<OwnObjects> {
  const dir = dirname(folder.path);
  const twins = runFoldersIn(dir)
    .map((name) => runFolderAt(join(dir, name)))
    .filter((each) => each?.runId === folder.runId && each.path !== folder.path);
  return await ownObjects(
    folder.records(),
    folder.runId,
    twins.flatMap((twin) => (twin ? [twin.records()] : [])),
  );
}

async function contentText(folder: RunFolder): Promise<string> {
  if (!folder.hasLog) return `the data of its broker (--backend ${folder.meta.backend})`;
  const ledger = await readLedger(() => folder.records(), folder.runId);
  const total = ledger.plan?.totalParameters ?? 0;
  return `the results of ${ledger.covered.count} of ${total} parameters${ledger.isFinished ? '' : ' (it is not finished)'}`;
}
