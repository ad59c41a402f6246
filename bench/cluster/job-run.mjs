/** The same work as a plain Indexed Job, without TTG's chart: static mode's worker, one equal share an index. */
import { loadavg } from 'node:os';
import { parseRecordLine } from '../../dist/core/wire/static-log.js';
import { readPreset } from '../../dist/ops/run/preset.js';
import { packageVersion } from '../../dist/ops/programs.js';
import { difference, readCalls } from './api-calls.mjs';
import { PARALLEL } from './cases.mjs';
import { round, timesAndPods } from './measured.mjs';
import { PodWatch } from './pod-watch.mjs';
import { readFacts } from './records.mjs';

const NAME = 'plain';
const RUN_ID = 'bench';
const LOGS_AT_ONCE = 10;

/**
 * @param {import('./cases.mjs').JobCase} one
 * @param {import('./place.mjs').Place} place
 * @param {import('../../dist/ops/script/frame.js').Script} run
 * @param {import('./api-calls.mjs').Calls} background
 * @returns {Promise<import('./measured.mjs').Measured>}
 */
export async function measureJob(one, { kube, namespace }, run, background) {
  const kubectl = ['--context', kube.context, '--namespace', namespace];
  const input = JSON.stringify(manifest(one, `ttg:${await packageVersion()}`));
  const watch = new PodWatch(kube, namespace, `batch.kubernetes.io/job-name=${NAME}`);
  try {
    const load = round(loadavg()[0] ?? NaN);
    const before = await readCalls(run, kube.context);
    const commandAt = Date.now();
    await run.step(
      'kubectl apply',
      () => run.sh({ stdio: ['pipe', 'pipe', 'pipe'], input })`kubectl ${kubectl} apply -f -`,
    );
    await run.step(
      'waiting for the Job',
      () => run.sh`kubectl ${kubectl} wait --for=condition=complete --timeout=300s job/${NAME}`,
    );
    const verdictAt = Date.now();
    await watch.untilGone(1000, run.signal);
    const calls = difference(before, await readCalls(run, kube.context), background, (Date.now() - commandAt) / 1000);

    const facts = await readFacts(await records(kube, namespace, [...watch.pods.keys()]), RUN_ID);
    const { total } = work(one);
    return {
      case: one.name,
      complete: facts.ledger.covered.count === total,
      load,
      seededAfter: undefined,
      ...timesAndPods({ facts, watch, commandAt, verdictAt, zero: undefined }),
      apiCalls: calls.reduce((sum, [, n]) => sum + n, 0),
      callsByKind: calls,
    };
  } finally {
    await watch.close();
  }
}

/** The preset's own numbers, so that both do the same work. @param {import('./cases.mjs').JobCase} one */
function work({ preset }) {
  const { env } = readPreset(preset, 'redis');
  return {
    total: Number(env.TOTAL_PARAMETERS),
    chunkSize: String(env.CHUNK_SIZE),
    workMs: String(env.SIMULATE_WORK_MS),
  };
}

/**
 * @param {import('../../dist/ops/cluster/kube.js').Kube} kube
 * @param {string} namespace
 * @param {string[]} pods
 */
async function records(kube, namespace, pods) {
  const found = [];
  for (let at = 0; at < pods.length; at += LOGS_AT_ONCE) {
    const logs = await Promise.all(
      pods.slice(at, at + LOGS_AT_ONCE).map((name) => kube.core.readNamespacedPodLog({ namespace, name })),
    );
    for (const line of logs.flatMap((log) => log.split('\n'))) found.push(parseRecordLine(line, ''));
  }
  return found.filter((entry) => entry !== undefined);
}

/**
 * Security and resources as the chart gives its workers.
 * @param {import('./cases.mjs').JobCase} one
 * @param {string} image
 */
function manifest(one, image) {
  const { total, chunkSize, workMs } = work(one);
  const env = {
    RUN_ID,
    QUEUE_MODE: 'false',
    TOTAL_PARAMETERS: String(total),
    CHUNK_SIZE: chunkSize,
    TOTAL_WORKERS: String(one.indexes),
    SIMULATE_WORK_MS: workMs,
  };
  const container = {
    name: 'worker',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', 'worker.js'],
    env: [
      ...Object.entries(env).map(([name, value]) => ({ name, value })),
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
  };
  const pod = {
    restartPolicy: 'Never',
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [container],
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: NAME },
    spec: {
      completionMode: 'Indexed',
      completions: one.indexes,
      parallelism: Math.min(PARALLEL, one.indexes),
      backoffLimit: 6,
      template: { spec: pod },
    },
  };
}
