/** One run of a release, as its user types it: `helm install`, `helm test`, and what there was between and after. */
import { resolve } from 'node:path';
import { loadavg } from 'node:os';
import { WATCHED_CHUNKS, releaseStage } from '../../dist/ops/demo/cluster.js';
import { openBroker } from '../../dist/ops/run/observe.js';
import { proveRecovery, killMidChunk } from '../../dist/ops/demo/fault.js';
import { startMonitor } from '../../dist/ops/demo/monitor.js';
import { ROOT } from '../../dist/ops/programs.js';
import { selectorOf } from '../../dist/ops/cluster/release.js';
import { difference, readCalls } from './api-calls.mjs';
import { round, timesAndPods } from './measured.mjs';
import { PodWatch } from './pod-watch.mjs';
import { readFacts } from './records.mjs';

const RUN_ID = 'bench';
const DEADLINE_SECONDS = 400;
/** A pod that KEDA starts for work that is gone appears within this time: two looks at statistics that are 5 s old. */
const HOLD_MS = 7000;
/** What is counted after the run: pods are the evidence. */
const KEEP_ALL = 'worker.successfulJobsHistoryLimit=1000';

/**
 * @param {import('./cases.mjs').ReleaseCase} one
 * @param {import('./place.mjs').Place} place
 * @param {import('../../dist/ops/script/frame.js').Script} run
 * @param {import('./api-calls.mjs').Calls} background
 * @returns {Promise<import('./measured.mjs').Measured>}
 */
export async function measureRelease(one, { kube, namespace }, run, background) {
  const where = { kube, namespace, release: 'ttg' };
  const helm = run.sh({ cwd: ROOT });
  const at = ['--kube-context', kube.context, '--namespace', namespace];
  const sets = [
    KEEP_ALL,
    ...(one.workers ? [`worker.maxReplicas=${one.workers}`] : []),
    ...(one.fault ? WATCHED_CHUNKS : []),
  ];
  const options = [
    '--values',
    resolve(ROOT, 'values', `${one.preset}-${one.backend}.yaml`),
    '--set-string',
    `run.id=${RUN_ID}`,
    ...sets.flatMap((set) => ['--set', set]),
  ];
  const watch = new PodWatch(kube, namespace, selectorOf('ttg', 'worker'));
  try {
    const load = round(loadavg()[0] ?? NaN);
    const before = await readCalls(run, kube.context);
    const commandAt = Date.now();
    await run.step('helm install', () => helm`helm ${at} install ttg ./chart ${options}`);
    const testing = helm({ nothrow: true })`helm ${at} test ttg --timeout ${DEADLINE_SECONDS}s`;
    const fault = one.fault
      ? await run.step('killing a worker in the middle of a chunk', () => strikeRelease(where, run))
      : undefined;
    const verdict = await run.step('helm test', async () => testing);
    const verdictAt = Date.now();
    await run.step('waiting for zero pods', () => watch.untilGone(HOLD_MS, run.signal));
    const calls = difference(before, await readCalls(run, kube.context), background, (Date.now() - commandAt) / 1000);

    const facts = await readRelease(where, run);
    const seededAt = Date.parse(facts.ledger.seeded[0]?.firstConfirmedAt ?? '');
    return {
      case: one.name,
      complete: verdict.exitCode === 0,
      load,
      seededAfter: round((seededAt - commandAt) / 1000),
      ...timesAndPods({ facts, watch, commandAt, verdictAt, zero: seededAt }),
      apiCalls: calls.reduce((sum, [, n]) => sum + n, 0),
      callsByKind: calls,
      ...(fault ? { fault: proveRecovery(fault, facts.ledger).replace(/^fault +/, '') } : {}),
    };
  } finally {
    await watch.close();
  }
}

/**
 * @param {import('../../dist/ops/cluster/release.js').Where} where @param
 *   {import('../../dist/ops/script/frame.js').Script} run
 */
async function readRelease(where, run) {
  const stage = await releaseStage(run, where, { runId: RUN_ID, deadlineSeconds: DEADLINE_SECONDS });
  try {
    const broker = await openBroker({ ...stage.env, POD_NAME: 'bench' }, run.signal);
    try {
      return await readFacts(broker.records(), RUN_ID);
    } finally {
      await broker[Symbol.asyncDispose]();
    }
  } finally {
    await stage.close();
  }
}

/**
 * @param {import('../../dist/ops/cluster/release.js').Where} where @param
 *   {import('../../dist/ops/script/frame.js').Script} run
 */
async function strikeRelease(where, run) {
  const stage = await releaseStage(run, where, { runId: RUN_ID, deadlineSeconds: DEADLINE_SECONDS });
  try {
    const monitor = await startMonitor(stage.env, run.signal);
    try {
      return await killMidChunk(stage, monitor, run);
    } finally {
      await monitor.close();
    }
  } finally {
    await stage.close();
  }
}
