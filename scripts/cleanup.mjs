#!/usr/bin/env node
/** Removal of what TTG made in a cluster, and of nothing else. */
import { CONTEXT, NAMESPACE } from '../dist/ops/script/args.js';
import { confirm, runScript } from '../dist/ops/script/frame.js';
import { inventory, table } from '../dist/ops/cluster/inventory.js';
import { connect, PROJECT } from '../dist/ops/cluster/kube.js';
import { helmReleases, remove, requireUnmounted, selection } from '../dist/ops/cluster/removal.js';
import { requireTools } from '../dist/ops/script/tools.js';

const FLAGS = /** @type {const} */ ({
  'all': {
    type: 'boolean',
    help: 'releases and leftovers; the default where no part is named (volumes and passwords stay, unless --data)',
  },
  'workers': { type: 'boolean', help: 'ScaledJobs, Jobs and pods of the workers' },
  'pods': { type: 'boolean', help: 'the same of workers, seeder and verify' },
  'redis': { type: 'boolean', help: 'the Redis broker (its volume and password stay, unless --data)' },
  'rabbitmq': { type: 'boolean', help: 'the RabbitMQ broker (its volume and password stay, unless --data)' },
  'data': {
    type: 'boolean',
    help: 'volume claims, with --all or a broker its password too: the results in them are lost',
  },
  'dry-run': { type: 'boolean', help: 'print what would go, delete nothing' },
  'force': { type: 'boolean', help: 'do not ask' },
  'release': { type: 'string', value: 'R', help: 'only objects of this Helm release (default: every release)' },
  ...NAMESPACE,
  'all-namespaces': { type: 'boolean', short: 'A', help: 'in every namespace' },
  ...CONTEXT,
});

await runScript(
  {
    name: 'cleanup',
    about: `Deletes objects labelled ${PROJECT}; nothing else is touched. Safe to repeat.`,
    flags: FLAGS,
    examples: [
      'cleanup.mjs --dry-run',
      'cleanup.mjs --pods --force',
      'cleanup.mjs --rabbitmq --data',
      'cleanup.mjs --all --data --all-namespaces',
    ],
  },
  async (flags, script) => {
    await requireTools(script, ['kubectl', 'helm']);
    const kube = connect(flags);
    const all = flags.all || !(flags.workers || flags.pods || flags.redis || flags.rabbitmq || flags.data);
    const where = { namespace: flags['all-namespaces'] ? undefined : flags.namespace, release: flags.release };
    const place = where.namespace
      ? `namespace ${where.namespace} of ${kube.context}`
      : `all namespaces of ${kube.context}`;
    const select = selection({ ...flags, all });

    const releases = all ? await helmReleases({ script, kube, ...where }) : [];
    const selected = select(await inventory(script, kube, where));
    if (selected.length === 0 && releases.length === 0) {
      script.print(`Nothing of it in ${place}${where.release ? ` from release ${where.release}` : ''}.`);
      return;
    }
    for (const { name, namespace, status } of releases)
      script.print(`Helm release ${name} in ${namespace} (${status})`);
    for (const line of table(selected)) script.print(line);
    if (flags['dry-run']) {
      script.print('Dry run: nothing was deleted.');
      return;
    }
    if (!all && flags.data) requireUnmounted(selected, (await kube.core.listPodForAllNamespaces()).items);
    await confirm(script, `Delete these in ${place}?`, flags.force);
    await remove({ script, kube, select, ...where }, releases);

    const left = all ? await inventory(script, kube, where) : [];
    if (!all) script.print('Deleted. The rest stays.');
    else if (left.length === 0) script.print(`Nothing labelled ${PROJECT} is left in ${place}.`);
    else
      script.print(
        `Deleted. Data stays: ${left.map((o) => `${o.kind} ${o.name}`).join(', ')}; with --data it goes too.`,
      );
    const owner = selected.find(
      (o) => o.object.metadata.annotations?.['meta.helm.sh/release-name'] && o.kind !== 'Pod',
    );
    if (!all && owner)
      script.print(
        `Helm still lists the release ${owner.release}: \`helm upgrade\` or scripts/deploy.mjs brings back what it owns.`,
      );
  },
);
