#!/usr/bin/env node
/** After a reboot, or after Docker was restarted: the same cluster, up again, and where its runs stand. */
import { CLUSTER_NAME } from '../dist/ops/script/args.js';
import {
  ensureContext,
  nodeContainers,
  noCluster,
  requireComplete,
  startContainers,
  waitNodes,
} from '../dist/ops/cluster/kind.js';
import { inventory, table } from '../dist/ops/cluster/inventory.js';
import { waitKeda } from '../dist/ops/cluster/keda.js';
import { waitBrokers } from '../dist/ops/cluster/rollout.js';
import { runScript } from '../dist/ops/script/frame.js';
import { requireTools } from '../dist/ops/script/tools.js';

await runScript(
  {
    name: 'recover',
    about: [
      'Starts the stopped nodes of the Kind cluster in order, waits for API, nodes, DNS, KEDA and the brokers, and prints',
      'where the runs stand. Nothing is lost: brokers keep their volumes, unfinished chunks are computed on. Safe to repeat.',
    ].join('\n'),
    flags: CLUSTER_NAME,
    examples: ['recover.mjs'],
  },
  async ({ name }, script) => {
    await script.step('looking for docker, kind and kubectl', () =>
      requireTools(script, ['docker', 'kind', 'kubectl']),
    );
    const containers = await nodeContainers(script, name);
    if (containers.length === 0) throw noCluster(name);
    const started = await startContainers(script, containers);
    await requireComplete(script, name, containers);
    await ensureContext(script, name);
    const kube = await waitNodes(script, name, containers.length, started);
    await waitKeda(script, kube);
    const brokers = await waitBrokers(script, kube);
    for (const line of table(await inventory(script, kube), ['ScaledJob', 'StatefulSet', 'Job', 'Pod']))
      script.print(line);
    script.print(
      brokers
        ? 'Recovered. Progress: npx zx scripts/status.mjs'
        : 'Recovered. No broker is deployed: npx zx scripts/deploy.mjs',
    );
  },
);
