#!/usr/bin/env zx
/** One command from nothing to a proven run: on a Kind cluster, or as processes of this machine. */
import { clusterStage } from '../dist/ops/demo/cluster.js';
import { playNamedLocally } from '../dist/faults/process/run.js';
import { playNamedOnCluster } from '../dist/faults/cluster/run.js';
import { statusText } from '../dist/cli/text.js';
import { clusterObstacle, play } from '../dist/ops/demo/play.js';
import { localStage } from '../dist/ops/demo/local.js';
import { runScript } from '../dist/ops/script/frame.js';

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
    const obstacle = flags.local ? undefined : await clusterObstacle(run);
    const local = flags.local || obstacle !== undefined;
    if (local) run.print(`demo on this machine, without a cluster${obstacle === undefined ? '' : `: ${obstacle}`}`);
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
    const show = (/** @type {import('../dist/ops/demo/monitor.js').Progress} */ progress) =>
      run.print(`${statusText(progress).trimEnd()}  workers: ${progress.workers}`);
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
      return await play({ fault: flags.fault === true, monitor: flags.monitor, show }, run, stage);
    } finally {
      if (!run.signal.aborted) await run.step(flags.keep && !local ? 'closing' : 'taking the demo down', stage.close);
    }
  },
);
