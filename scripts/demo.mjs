#!/usr/bin/env zx
/** One command from nothing to a proven run: on a Kind cluster, or as processes of this machine. */
import { which } from 'zx';
import { clusterStage } from './lib/demo/cluster.mjs';
import { proveRecovery, strike } from './lib/demo/fault.mjs';
import { playNamedLocally } from './lib/demo/named-local.mjs';
import { playNamedOnCluster } from './lib/demo/named-cluster.mjs';
import { localStage } from './lib/demo/local.mjs';
import { startMonitor, watch } from './lib/demo/monitor.mjs';
import { openWebMonitor } from './lib/demo/web.mjs';
import { runScript, Stop } from './lib/steps.mjs';
import { runTtg } from './lib/ttg.mjs';

await runScript(
  {
    name: 'demo',
    about:
      'Seeds a run, lets workers come and go, shows its progress, and ends with the verdict: every parameter exactly once.\n' +
      'Without Docker and kind it runs as processes of this machine (--local), under the same rules.',
    flags: {
      'backend': { type: 'string', choices: ['redis', 'rabbitmq'], default: 'redis', help: 'which broker' },
      'preset': { type: 'string', choices: ['small', 'medium', 'large'], default: 'small', help: 'size of the run' },
      'fault': {
        type: 'optional',
        value: 'NAME[,NAME…]|all',
        help: 'kill a worker in the middle of a chunk, and prove that another one completes it; with names: play these faults, each on a run of its own',
      },
      'seed': { type: 'number', value: 'N', default: 1, help: 'of the schedule of named faults: when, and whom' },
      'monitor': {
        type: 'string',
        choices: ['cli', 'web', 'both', 'none'],
        default: 'cli',
        help: "progress here, the broker's own web page, both or none",
      },
      'local': { type: 'boolean', help: 'no cluster: processes of this machine' },
      'max-workers': { type: 'number', value: 'N', help: "instead of the preset's maximum" },
      'keep': { type: 'boolean', help: 'leave the release where it is when the demo ends' },
      'name': { type: 'string', value: 'CLUSTER', default: 'ttg', help: 'name of the Kind cluster' },
      'namespace': { type: 'string', value: 'N', short: 'n', default: 'ttg-demo', help: 'namespace of the release' },
    },
    examples: [
      'demo.mjs --fault',
      'demo.mjs --fault node-drain,keda-restart',
      'demo.mjs --local --fault worker-freeze,partition --seed 7',
      'demo.mjs --backend rabbitmq --preset medium --monitor both --keep',
    ],
  },
  async (flags, run) => {
    const local = flags.local || (await clusterObstacle(run));
    if (local) run.print(`demo on this machine, without a cluster${typeof local === 'string' ? `: ${local}` : ''}`);
    if (typeof flags.fault === 'string') {
      const named = {
        backend: flags.backend,
        preset: flags.preset,
        seed: flags.seed,
        maxWorkers: flags['max-workers'],
      };
      return local
        ? playNamedLocally(flags.fault, named, run)
        : playNamedOnCluster(flags.fault, { ...named, cluster: flags.name, namespace: flags.namespace }, run);
    }
    const runId = `demo-${Date.now().toString(36)}`;
    const options = { backend: flags.backend, preset: flags.preset, runId, maxWorkers: flags['max-workers'] };
    const stage = local
      ? await localStage(run, options)
      : await clusterStage(run, {
          ...options,
          cluster: flags.name,
          namespace: flags.namespace,
          keep: flags.keep,
          watchChunks: flags.fault === true,
        });
    if (local) run.onInterrupt('taking the demo down', stage.close);
    try {
      return await play({ fault: flags.fault === true, monitor: flags.monitor }, run, stage);
    } finally {
      if (!run.signal.aborted) await run.step(flags.keep && !local ? 'closing' : 'taking the demo down', stage.close);
    }
  },
);

/**
 * @param {{ fault: boolean, monitor: string }} flags
 * @param {import('./lib/steps.mjs').Run} run
 * @param {import('./lib/demo/stage.mjs').Stage} stage
 * @returns {Promise<number>}
 */
async function play({ fault: withFault, monitor: kind }, run, stage) {
  if (kind === 'web' || kind === 'both') await openWebMonitor(stage, run);
  const monitor = await startMonitor(stage.env, run.signal);
  try {
    const watching = watch(stage, monitor, { run, quiet: kind !== 'cli' && kind !== 'both' });
    watching.catch(() => {});
    const fault = withFault ? await strike(stage, monitor, run) : undefined;
    if (fault) run.print(`fault: ${fault.worker} killed without grace in the middle of chunk ${fault.chunkId}`);
    await watching;
    const status = await runTtg(stage.env, ['verify'], run.signal);
    await runTtg(stage.env, ['results'], run.signal);
    if (fault) run.print(proveRecovery(fault, monitor.ledger));
    if (status !== 0) throw new Stop('the run is not complete', 'see the verdict above');
    return 0;
  } finally {
    await monitor.close();
  }
}

/** @param {import('./lib/steps.mjs').Run} run @returns {Promise<string | false>} why there can be no cluster */
async function clusterObstacle(run) {
  for (const program of ['docker', 'kind', 'kubectl', 'helm'])
    if (!(await which(program, { nothrow: true }))) return `${program} is not on the PATH`;
  return (await run.sh({ nothrow: true, timeout: '20s' })`docker info`).exitCode === 0
    ? false
    : 'the Docker engine does not answer';
}
