#!/usr/bin/env zx
/** One command from nothing to a proven run: on a Kind cluster, or as processes of this machine. */
import { clusterStage } from '../dist/ops/demo/cluster.js';
import { runSeriesOnProcesses } from '../dist/faults/process/run.js';
import { runSeriesOnCluster } from '../dist/faults/cluster/run.js';
import { openLiveView } from '../dist/ops/demo/live.js';
import { clusterObstacle, printEnding, runDemo } from '../dist/ops/demo/play.js';
import { localStage } from '../dist/ops/demo/local.js';
import { backendHere } from '../dist/ops/local/broker.js';
import { runScript } from '../dist/ops/script/frame.js';

await runScript(
  {
    name: 'demo',
    about:
      'Seeds a run, lets workers come and go, shows its progress, and ends with the verdict: every parameter exactly once.\n' +
      'Without Docker and kind it runs as processes of this machine (--local), under the same rules.',
    flags: {
      'backend': {
        type: 'string',
        choices: ['redis', 'rabbitmq', 'embedded'],
        default: 'redis',
        help: 'which broker; embedded needs nothing to be installed, and is for processes of this machine',
      },
      'preset': { type: 'string', choices: ['small', 'medium', 'large'], default: 'small', help: 'size of the run' },
      'fault': {
        type: 'optional',
        value: 'NAME[,NAME…]|all',
        help: 'kill a worker in the middle of a chunk, and prove that another one completes it; with names: inject these faults, each on a run of its own',
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
  async (flags, script) => {
    // Of a cluster; there the embedded one never comes so far.
    const server = flags.backend === 'embedded' ? 'redis' : flags.backend;
    const noCluster = flags.backend === 'embedded' ? 'the embedded broker is for processes of this machine' : undefined;
    const obstacle = flags.local ? undefined : (noCluster ?? (await clusterObstacle(script)));
    const local = flags.local || obstacle !== undefined;
    if (local) script.print(`demo on this machine, without a cluster${obstacle === undefined ? '' : `: ${obstacle}`}`);
    const backend = local ? await backendHere(flags.backend, script.print) : flags.backend;
    if (typeof flags.fault === 'string') {
      const named = {
        backend,
        preset: flags.preset,
        seed: flags.seed,
        maxWorkers: flags['max-workers'],
      };
      return local
        ? runSeriesOnProcesses(flags.fault, named, script)
        : runSeriesOnCluster(
            flags.fault,
            { ...named, backend: server, cluster: flags.name, namespace: flags.namespace },
            script,
          );
    }
    const runId = `demo-${Date.now().toString(36)}`;
    const options = { backend, preset: flags.preset, runId, maxWorkers: flags['max-workers'] };
    const view = openLiveView(process.stdout);
    const stage = local
      ? await localStage(script, options)
      : await clusterStage(script, {
          ...options,
          backend: server,
          cluster: flags.name,
          namespace: flags.namespace,
          keep: flags.keep,
          watchChunks: flags.fault === true,
        });
    if (local) script.onInterrupt('taking the demo down', stage.close);
    let ending;
    try {
      ending = await runDemo({ fault: flags.fault === true, monitor: flags.monitor, view }, script, stage);
    } finally {
      if (!script.signal.aborted)
        await script.step(flags.keep && !local ? 'closing' : 'taking the demo down', stage.close);
    }
    printEnding(ending, script.print);
    return ending.status;
  },
);
