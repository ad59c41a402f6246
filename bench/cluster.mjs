#!/usr/bin/env node
/** `npm run bench:cluster`: runs of the presets on a Kind cluster with KEDA, from the first chunk in the queue to zero pods. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeReport } from '../dist/core/report.js';
import { startMonitor } from '../scripts/lib/demo/monitor.mjs';
import { proveRecovery, strike } from '../scripts/lib/demo/fault.mjs';
import { clusterStage } from '../scripts/lib/demo/cluster.mjs';
import { CLUSTER_NAME } from '../scripts/lib/args.mjs';
import { listPods } from '../scripts/lib/kube.mjs';
import { selectorOf } from '../scripts/lib/release.mjs';
import { runScript } from '../scripts/lib/steps.mjs';
import { runTtg } from '../scripts/lib/ttg.mjs';

/** @typedef {{ preset: string, backend: 'redis' | 'rabbitmq', workers?: number, fault?: boolean }} Case */

/** @type {Case[]} */
const CASES = [];
for (const backend of /** @type {const} */ (['redis', 'rabbitmq'])) {
  for (const preset of ['small', 'medium']) {
    CASES.push({ preset, backend }, { preset, backend, workers: 3 }, { preset, backend, fault: true });
  }
  CASES.push({ preset: 'large', backend });
}

await runScript(
  {
    name: '../bench/cluster',
    about: 'Measures runs on a Kind cluster with KEDA. Makes the cluster if there is none. Writes out/bench-cluster.json.',
    flags: {
      ...CLUSTER_NAME,
      only: { type: 'string', value: 'TEXT', multiple: true, help: 'cases whose name contains it: preset-backend[-3][-fault]' },
    },
  },
  async ({ name: cluster, only }, run) => {
    /** @type {Array<Record<string, string | number | boolean>>} */
    const rows = [];
    for (const one of CASES) {
      const name = nameOf(one);
      if (only.length > 0 && !only.some((text) => name.includes(text))) continue;
      rows.push({ case: name, ...(await measure(one, cluster, run, rows.length > 0)) });
      console.table(rows);
    }
    mkdirSync('out', { recursive: true });
    writeFileSync(resolve('out', 'bench-cluster.json'), `${JSON.stringify(rows, null, 2)}\n`);
    return rows.every((row) => row.complete) ? 0 : 1;
  },
);

/** @param {Case} one */
function nameOf({ preset, backend, workers, fault }) {
  return `${preset}-${backend}${workers ? `-${workers}` : ''}${fault ? '-fault' : ''}`;
}

/**
 * @param {Case} one
 * @param {string} cluster
 * @param {import('../scripts/lib/steps.mjs').Run} run
 * @param {boolean} prepared
 */
async function measure({ preset, backend, workers, fault = false }, cluster, run, prepared) {
  const began = performance.now();
  const stage = await clusterStage(run, { backend, preset, runId: 'bench', maxWorkers: workers, cluster, namespace: 'ttg-bench', keep: false, prepared, watchChunks: fault });
  const monitor = await startMonitor(stage.env, run.signal);
  try {
    const struck = fault ? await strike(stage, monitor, run) : undefined;
    while (!monitor.finished()) await sleep(50, undefined, { signal: run.signal });
    const finished = performance.now();
    const active = async () => (await listPods(stage.where.kube, stage.where.namespace, selectorOf('ttg', 'worker'))).filter((pod) => /Pending|Running/.test(pod.status?.phase ?? ''));
    while ((await active()).length > 0) await sleep(100, undefined, { signal: run.signal });
    const zero = performance.now();
    const pods = (await listPods(stage.where.kube, stage.where.namespace, selectorOf('ttg', 'worker'))).length;
    const report = makeReport(monitor.ledger);
    const status = await runTtg(stage.env, ['verify'], run.signal);
    return {
      complete: status === 0,
      'first start s': report.firstStartSeconds ?? -1,
      'last result s': report.wallSeconds ?? -1,
      'to zero pods s': round((zero - finished) / 1000),
      'whole s': round((zero - began) / 1000),
      'params/s': report.parametersPerSecond ?? -1,
      'useful worker-s': report.busySeconds,
      pods,
      ...(struck ? { fault: proveRecovery(struck, monitor.ledger).replace(/^.*, (\S+ s after the kill)$/, '$1') } : {}),
    };
  } finally {
    await monitor.close();
    await stage.close();
  }
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
