#!/usr/bin/env node
/** The end of a Kind cluster and of everything in it. */
import { CLUSTER_NAME } from '../dist/ops/script/args.js';
import { nodeContainers } from '../dist/ops/cluster/kind.js';
import { confirm, runScript } from '../dist/ops/script/frame.js';
import { Stop } from '../dist/ops/script/stop.js';
import { requireTools } from '../dist/ops/script/tools.js';
import { plural } from '../dist/core/runtime/words.js';

await runScript(
  {
    name: 'kind-down',
    about: 'Deletes the Kind cluster with all its nodes, volumes and images, and its kubectl context. Safe to repeat.',
    flags: { ...CLUSTER_NAME, force: { type: 'boolean', help: 'do not ask' } },
    examples: ['kind-down.mjs --force'],
  },
  async ({ name, force }, script) => {
    await requireTools(script, ['docker', 'kind']);
    const containers = await nodeContainers(script, name);
    if (containers.length === 0) {
      script.print(`There is no Kind cluster ${name}: nothing to delete.`);
    } else {
      await confirm(
        script,
        `Delete the Kind cluster ${name} (${plural(containers.length, 'node')}) and everything in it?`,
        force,
      );
    }
    // also without containers: removes a context that an interrupted deletion left behind
    await script.step(`deleting the Kind cluster ${name}`, () => script.sh`kind delete cluster --name ${name}`);
    const left = await nodeContainers(script, name);
    if (left.length)
      throw new Stop(`still there: ${left.map((c) => c.name).join(', ')}`, 'run this again, or `docker rm -f` them');
  },
);
