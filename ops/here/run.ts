/** A run on this machine from its file to its end: folder, broker, what there is already, work, and what is made of it. */
import type { Broker } from '../../core/broker/port.js';
import { loadConfig, type Config } from '../../core/runtime/config.js';
import { ConfigError } from '../../core/runtime/errors.js';
import { VERSION } from '../../core/runtime/version.js';
import { openBroker } from '../run/observe.js';
import { storeSettings } from '../../core/store/of-folder.js';
import { openHereBroker, type HereBackend } from './broker.js';
import { chunkSizeFor } from './chunk-size.js';
import { openDisplay } from './display.js';
import { deathText } from './failure.js';
import { earlierRuns } from './earlier.js';
import { Folder } from './folder.js';
import { Follower } from './follow.js';
import { Joblog } from './joblog.js';
import { readPast, resumeText, retryDead } from './past.js';
import type { Prepared } from './prepare.js';
import { inherited } from './settings.js';
import { work } from './work.js';

export interface HereOptions {
  readonly backend: HereBackend;
  /** Holds the folders of runs. */
  readonly dir: string;
  /** Workers at a time. */
  readonly jobs: number;
  readonly joblog: string | undefined;
  readonly retryDead: boolean;
  /** The command line, which is also how to resume. */
  readonly command: string;
}

export interface Surroundings {
  readonly stop: AbortSignal;
  readonly stderr: NodeJS.WriteStream;
  /** Called once the run has ended, while its log can be read. @returns the exit status */
  readonly conclude: (broker: Broker, config: Config) => Promise<number>;
}

/** @returns what `conclude` returned */
export async function runHere(run: Prepared, options: HereOptions, around: Surroundings): Promise<number> {
  using folder = new Folder(options.dir, run.runId);
  try {
    return await runIn(folder, run, options, around);
  } catch (thrown) {
    if (thrown instanceof ConfigError) await folder.discardIfUnused();
    throw thrown;
  }
}

async function runIn(folder: Folder, run: Prepared, options: HereOptions, around: Surroundings): Promise<number> {
  const { stop, stderr, conclude } = around;
  const say = (line: string): void => void stderr.write(`${line}\n`);
  folder.checkBackend(options.backend);
  await using local = await openHereBroker(options.backend, folder.path, say);
  const base = { ...inherited(process.env), ...run.settings, ...local.env, RUN_ID: run.runId };
  await using broker = await openBroker({ ...base, POD_NAME: 'here' }, stop);
  const past = await readPast(broker, run.runId);
  const known = folder.knownSweep();
  // Before anything of the folder is written.
  if (past.plan && known !== undefined) await run.checkUnchanged(known, past.plan.totalParameters);
  folder.write('sweep.json', run.document);
  // A run that exists keeps its chunks: another number of workers is no other plan.
  const ownSize = (): number => chunkSizeFor(run.total, options.jobs, run.sweep.computation);
  const chunkSize = String(run.chunkSize ?? past.plan?.chunkSize ?? ownSize());
  const env = { ...base, ...run.environment(folder.sweepFile), CHUNK_SIZE: chunkSize };
  const config = loadConfig({ LOG_LEVEL: 'WARNING', ...env, POD_NAME: 'here' });
  const { command, backend } = options;
  folder.write('meta.json', {
    runId: run.runId,
    backend,
    command,
    startedAt: new Date().toISOString(),
    socket: local.env['EMBEDDED_SOCKET'],
    store: storeSettings(config),
    version: VERSION,
  });
  if (past.plan) say(resumeText(past, run.total, options.retryDead));
  const isRetried = options.retryDead && past.dead > 0 && (await retryDead(broker, run.runId)) > 0;
  const joblog = options.joblog === undefined ? undefined : await Joblog.open(options.joblog, run.columnsOf);
  if (past.isFinished && past.results + past.dead === run.total && !isRetried) {
    await joblog?.writeAll(broker, run.runId);
    return await conclude(broker, config);
  }

  const display = openDisplay(stderr);
  const follower = new Follower(broker, run.runId, past.records, {
    record: (record, isNew) => {
      if (isNew && record.kind === 'dead') display.failure(deathText(record, run.columnsOf));
      return joblog?.add(record);
    },
  });
  try {
    await work({
      jobs: options.jobs,
      isRetried,
      broker,
      config,
      env,
      follower,
      display,
      workersLog: folder.workersLog,
      stop,
      elsewhere: earlierRuns(options.dir, config, stop),
      failed: local.failed,
    });
  } finally {
    display.end();
    await follower.stop();
    await joblog?.[Symbol.asyncDispose]();
  }
  return await conclude(broker, config);
}
