#!/usr/bin/env node
/** A Kind cluster with KEDA, ready for `deploy.mjs`. */
import { CLUSTER_NAME } from '../dist/ops/script/args.js';
import {
  createCluster,
  ensureContext,
  nodeContainers,
  requireComplete,
  startContainers,
  waitNodes,
} from '../dist/ops/cluster/kind.js';
import { ensureKeda } from '../dist/ops/cluster/keda.js';
import { runScript } from '../dist/ops/script/frame.js';
import { Stop } from '../dist/ops/script/stop.js';
import { requireTools } from '../dist/ops/script/tools.js';
import { plural } from '../dist/core/runtime/words.js';

await runScript(
  {
    name: 'kind-up',
    about: [
      'Creates a Kind cluster (one control plane, the rest workers) unless it exists, starts its nodes where they are',
      'stopped, and installs KEDA. Safe to repeat. Interrupted, it deletes a cluster that it was just creating.',
      '',
      'Environment: TTG_KIND_NODE_IMAGE (node image), TTG_KEDA_MANIFEST (KEDA from this file instead of its chart).',
    ].join('\n'),
    flags: { ...CLUSTER_NAME, nodes: { type: 'number', default: 4, help: 'number of nodes' } },
    examples: ['kind-up.mjs', 'kind-up.mjs --name small --nodes 2'],
  },
  async ({ name, nodes }, script) => {
    if (!Number.isInteger(nodes) || nodes < 1)
      throw new Stop(`--nodes ${nodes}: a cluster has 1 node or more`, 'give a whole number');
    await script.step('looking for docker, kind, kubectl and helm', () =>
      requireTools(script, ['docker', 'kind', 'kubectl', 'helm']),
    );

    let started;
    let containers = await nodeContainers(script, name);
    if (containers.length === 0) {
      await script.step(`creating the Kind cluster ${name} with ${plural(nodes, 'node')}`, () =>
        createCluster(script, name, nodes),
      );
      containers = await nodeContainers(script, name);
    } else {
      const other = containers.length === nodes ? '' : '; for another number run kind-down first';
      script.print(`The cluster ${name} exists (${plural(containers.length, 'node')}${other}).`);
      started = await startContainers(script, containers);
      await requireComplete(script, name, containers);
      await ensureContext(script, name);
    }
    const kube = await waitNodes(script, name, containers.length, started);
    await ensureKeda(script, kube);

    script.print(`Ready: kubectl --context kind-${name} get nodes`);
    script.print(`Next:  npx zx scripts/build.mjs --load-kind${name === 'ttg' ? '' : ` --name ${name}`}`);
  },
);
