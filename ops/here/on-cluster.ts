/** The same file on a cluster: a release of the chart, its run followed from here as one on this machine is. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Broker } from '../../core/broker/port.js';
import { progressOf } from '../../core/ledger/report.js';
import { delay } from '../../core/runtime/backoff.js';
import { loadConfig, type Config } from '../../core/runtime/config.js';
import { ensureNamespace, requireSettled, upgrade } from '../cluster/deploy.js';
import { connect } from '../cluster/kube.js';
import { openRun } from '../cluster/open-run.js';
import { runningWorkers } from '../cluster/pods.js';
import type { Where } from '../cluster/release.js';
import { waitRollout } from '../cluster/rollout.js';
import { openBroker } from '../run/observe.js';
import { makeScript, type Script } from '../script/frame.js';
import { Stop } from '../script/stop.js';
import { requireTools } from '../script/tools.js';
import { requireTableThere } from './cluster-table.js';
import { openDisplay } from './display.js';
import { deathText } from './failure.js';
import { Follower } from './follow.js';
import { Joblog } from './joblog.js';
import { Pace } from './pace.js';
import type { Prepared } from './prepare.js';
import { jsonSet } from './sets.js';
import { Standstill } from './standstill.js';

/** Looks at workers and queue cost the API server and the broker something. */
const SHOW_MS = 1000;
/** How long broker and seeder may take to be ready, each. */
const ROLLOUT_SECONDS = 600;

export interface ClusterOptions {
  readonly context: string;
  readonly namespace: string;
  readonly release: string;
  /** The values file as it was named. */
  readonly file: string;
  /** `key=value` */
  readonly set: readonly string[];
  /** The file that --table names. */
  readonly table?: string | undefined;
  readonly joblog: string | undefined;
  /** The command line that looks on again. */
  readonly command: string;
}

export interface ClusterSurroundings {
  readonly stop: AbortSignal;
  readonly stderr: NodeJS.WriteStream;
  readonly conclude: (broker: Broker, config: Config) => Promise<number>;
  /** Why the run of this release does not move; undefined where it does. */
  readonly explain: (where: Where, runId: string, signal: AbortSignal) => Promise<string | undefined>;
}

const INTERRUPTED = 130;

/**
 * @returns what `conclude` returned, 130 where it was interrupted before there was a run to follow, or 1 where the
 *   cluster did not do as it should: said on standard error
 */
export async function runOnCluster(
  run: Prepared,
  options: ClusterOptions,
  around: ClusterSurroundings,
): Promise<number> {
  requireTableThere(run, options.table);
  const script = makeScript(around.stop);
  let installed = false;
  try {
    await requireTools(script, ['helm']);
    const { namespace, release } = options;
    const where = { kube: connect({ name: 'ttg', context: options.context }), namespace, release };
    await install(run, options, script, where);
    installed = true;
    await waitRollout(script, where, ROLLOUT_SECONDS);
    return await follow(run, options, around, where);
  } catch (thrown) {
    if (around.stop.aborted) {
      const state = installed
        ? `the release ${options.release} stays, and its run goes on there. To look on again`
        : 'nothing was installed. To begin again';
      around.stderr.write(`interrupted: ${state}:\n  ${options.command}\n`);
      return INTERRUPTED;
    }
    if (!(thrown instanceof Stop)) throw thrown;
    around.stderr.write(`ttg run: ${thrown.message}\n${thrown.remedy === undefined ? '' : `  ${thrown.remedy}\n`}`);
    return 1;
  }
}

async function install(run: Prepared, options: ClusterOptions, script: Script, where: Where): Promise<void> {
  await ensureNamespace(script, where);
  await requireSettled(script, where);
  const folder = await mkdtemp(join(tmpdir(), 'ttg-run-'));
  try {
    const files: string[] = [];
    const { source, table } = run.document;
    for (const [key, text] of Object.entries({ 'computation.source': source, 'parameters.table': table })) {
      if (text === undefined) continue;
      await writeFile(join(folder, key), text);
      files.push('--set-file', `${key}=${join(folder, key)}`);
    }
    const sets = options.set.flatMap((pair) => ['--set-json', jsonSet(pair)]);
    const id = ['--set-string', `run.id=${run.runId}`];
    await script.step(`helm upgrade --install ${where.release} (${where.kube.context}, ${where.namespace})`, () =>
      upgrade(where, ['--install', '--values', resolve(options.file), ...files, ...sets, ...id]),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function follow(
  run: Prepared,
  options: ClusterOptions,
  { stop, stderr, conclude, explain }: ClusterSurroundings,
  where: Where,
): Promise<number> {
  const opened = await openRun(where, run.runId);
  try {
    const env = { LOG_LEVEL: 'WARNING', ...opened.env, POD_NAME: 'observer' };
    await using broker = await openBroker(env, stop);
    const joblog = options.joblog === undefined ? undefined : await Joblog.open(options.joblog, run.columnsOf);
    const display = openDisplay(stderr);
    const follower = new Follower(broker, run.runId, 0, {
      record: (record) => {
        if (record.kind === 'dead') display.failure(deathText(record, run.columnsOf));
        return joblog?.add(record);
      },
    });
    try {
      const standstill = new Standstill(() => explain(where, run.runId, stop), display.note.bind(display));
      await untilOver(broker, follower, where, { show: display.show.bind(display), standstill }, stop);
    } finally {
      display.end();
      await follower.stop();
      await joblog?.[Symbol.asyncDispose]();
    }
    return await conclude(broker, loadConfig(env));
  } finally {
    await opened.close();
  }
}

async function untilOver(
  broker: Broker,
  follower: Follower,
  where: Where,
  { show, standstill }: { readonly show: ReturnType<typeof openDisplay>['show']; readonly standstill: Standstill },
  stop: AbortSignal,
): Promise<void> {
  const pace = new Pace();
  while (!stop.aborted) {
    follower.check();
    const { ledger } = follower;
    const { total, done, dead } = progressOf(ledger);
    const rate = pace.rate(done + dead, performance.now());
    const etaSeconds = rate === null || done + dead === total ? null : (total - done - dead) / rate;
    const depth = await broker.depth().catch(() => undefined);
    const workers = await runningWorkers(where).then(
      (pods) => pods.length,
      () => 0,
    );
    show({ runId: ledger.runId, total, done, dead, rate, etaSeconds, depth, workers });
    standstill.look(done + dead);
    if (ledger.isFinished || ledger.halted !== undefined) return;
    await delay(SHOW_MS, stop);
  }
}
