#!/usr/bin/env node
/** What TTG has in a cluster, by namespace, with its state; and its images. */
import { which } from 'zx';
import { CONTEXT } from '../dist/ops/script/args.js';
import { inventory, table } from '../dist/ops/cluster/inventory.js';
import { connect } from '../dist/ops/cluster/kube.js';
import { helmReleases } from '../dist/ops/cluster/removal.js';
import { runScript } from '../dist/ops/script/frame.js';
import { lines, requireTools } from '../dist/ops/script/tools.js';
import { plural } from '../dist/core/runtime/words.js';

await runScript(
  {
    name: 'list',
    about: "Lists the releases, the objects that carry the project's label, and the images in the nodes and in Docker.",
    flags: {
      namespace: { type: 'string', value: 'N', short: 'n', help: 'only this namespace (default: all)' },
      image: { type: 'string', value: 'REPOSITORY', default: 'ttg', help: "the image's repository" },
      ...CONTEXT,
    },
    examples: ['list.mjs', 'list.mjs --namespace default'],
  },
  async ({ namespace, image, ...flags }, script) => {
    await requireTools(script, ['kubectl', 'helm']);
    const kube = connect(flags);
    script.print(`Context ${kube.context}`);
    const releases = await helmReleases({ script, kube, namespace });
    for (const { name, namespace: ns, chart, status } of releases)
      script.print(`Release ${name} in ${ns}: ${chart}, ${status}`);
    if (releases.length === 0) script.print('No release');

    const objects = await inventory(script, kube, { namespace });
    for (const line of table(objects)) script.print(line);
    if (objects.length === 0) script.print('No object');

    const nodes = (await kube.core.listNode()).items;
    /** @type {Map<string, string[]>} */
    const holders = new Map();
    for (const node of nodes) {
      for (const name of (node.status?.images ?? [])
        .flatMap((i) => i.names ?? [])
        .filter((n) => repository(n) === image)) {
        holders.set(name, [...(holders.get(name) ?? []), node.metadata?.name ?? '']);
      }
    }
    for (const [name, on] of holders)
      script.print(
        `Image ${name.replace('docker.io/library/', '')} on ${on.length} of ${plural(nodes.length, 'node')}`,
      );
    if (await which('docker', { nothrow: true })) {
      const local = await lines(
        script.sh({ nothrow: true })`docker images --format ${'{{.Repository}}:{{.Tag}} {{.Size}}'} ${image}`,
      );
      for (const row of local) script.print(`Image ${row} in Docker`);
    }
  },
);

/** `docker.io/library/ttg:1.0.0` → `ttg`; digests are left out. @param {string} name */
function repository(name) {
  return name.includes('@') ? '' : name.replace(/:[^:/]*$/, '').replace('docker.io/library/', '');
}
