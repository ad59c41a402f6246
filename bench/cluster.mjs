#!/usr/bin/env node
/**
 * `npm run bench:cluster`: runs of the presets on a Kind cluster with KEDA, beside plain Indexed Jobs of the same work.
 */
import { CLUSTER_NAME } from '../dist/ops/script/args.js';
import { connect } from '../dist/ops/cluster/kube.js';
import { runScript } from '../dist/ops/script/frame.js';
import { Stop } from '../dist/ops/script/stop.js';
import { readBackground } from './cluster/api-calls.mjs';
import { CASES, casesFor } from './cluster/cases.mjs';
import { measureJob } from './cluster/job-run.mjs';
import { inNamespace } from './cluster/place.mjs';
import { measureRelease } from './cluster/release-run.mjs';
import { table, writeReport } from './cluster/report.mjs';

/** Long enough for the cluster's own periodic calls to show. */
const BACKGROUND_SECONDS = 15;

await runScript(
  {
    name: '../bench/cluster',
    about: [
      'Measures runs on a Kind cluster with KEDA: from `helm install` to the verdict and to zero pods, beside plain Indexed Jobs',
      'of the same work. Makes the cluster if there is none. Takes 10 minutes at most, or what --only asks for.',
      'Writes out/bench-cluster.json and out/bench-cluster.md.',
      '',
      `Cases, the usual ones marked: ${CASES.map(({ name, usual }) => `${name}${usual ? '*' : ''}`).join(' ')}`,
    ].join('\n'),
    flags: {
      ...CLUSTER_NAME,
      'only': {
        type: 'string',
        value: 'TEXT',
        multiple: true,
        help: 'cases whose name contains it, instead of the usual ones',
      },
      'skip-build': { type: 'boolean', help: 'cluster and image are there as they should be' },
    },
  },
  async ({ 'name': cluster, only, 'skip-build': prepared }, run) => {
    const cases = casesFor(only);
    if (cases.length === 0)
      throw new Stop(
        `--only ${only.join(' ')}: no case has that in its name`,
        `the cases are ${CASES.map(({ name }) => name).join(', ')}`,
      );
    const script = (/** @type {string[]} */ ...args) =>
      run.sh({ stdio: ['ignore', 'inherit', 'inherit'] })`${process.execPath} ${args}`;
    if (!prepared) {
      await script('scripts/kind-up.mjs', '--name', cluster);
      await script('scripts/build.mjs', '--load-kind', '--name', cluster);
    }
    const kube = connect({ name: cluster });
    const nodes = (await kube.core.listNode()).items;
    const about = { kubernetes: nodes[0]?.status?.nodeInfo?.kubeletVersion ?? '', nodes: nodes.length };
    const background = await run.step('counting the API calls of the idle cluster', () =>
      readBackground(run, kube.context, BACKGROUND_SECONDS),
    );
    /** @type {import('./cluster/measured.mjs').Measured[]} */
    const rows = [];
    for (const one of cases) {
      run.print(`\n${one.name}`);
      rows.push(
        await inNamespace(run, kube, one.name, (place) =>
          one.kind === 'job' ? measureJob(one, place, run, background) : measureRelease(one, place, run, background),
        ),
      );
      run.print(table(rows));
      writeReport(rows, about);
    }
    return rows.every((row) => row.complete) ? 0 : 1;
  },
);
