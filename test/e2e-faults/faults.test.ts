/**
 * Every fault × both brokers on a Kind cluster with KEDA, each on a release of its own: complete, and the digest of a
 * run without faults.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { CLUSTER_FAULTS } from '../../faults/catalogue.js';
import { runOnCluster } from '../../faults/cluster/run.js';
import { tinyClusterRun } from '../../faults/cluster/values.js';
import { faultTable, type Row } from '../../faults/series.js';
import { connect } from '../../ops/cluster/kube.js';
import { CLUSTER, KUBECONFIG, OUT } from '../e2e/support/place.js';
import { expectAsWithout } from '../support/outcome.js';

type Backend = 'redis' | 'rabbitmq';
type Pair = readonly [name: string, backend: Backend];

/** Another schedule: TTG_FAULT_SEED=n. */
const SEED = Number(process.env['TTG_FAULT_SEED'] ?? 1);
/**
 * TTG_FAULT_PAIRS=alternating injects each fault on one broker only, the next one on the other; which is whose turns
 * with the seed.
 */
const alternating = process.env['TTG_FAULT_PAIRS'] === 'alternating';

const BACKENDS: readonly Backend[] = ['redis', 'rabbitmq'];
const names = Object.keys(CLUSTER_FAULTS);
const all = names.flatMap((name) => BACKENDS.map((backend): Pair => [name, backend]));
const isTurn = ([name, backend]: Pair): boolean =>
  !alternating || (names.indexOf(name) + BACKENDS.indexOf(backend) + SEED) % 2 === 0;
const pairs = all.filter(isTurn);
const alone = ([name]: Pair): boolean => CLUSTER_FAULTS[name]?.disturbs === 'cluster';

const rows: Row[] = [];

async function inject([name, backend]: Pair, signal: AbortSignal): Promise<void> {
  process.env['KUBECONFIG'] = KUBECONFIG;
  const place = {
    kube: connect({ name: CLUSTER }),
    cluster: CLUSTER,
    namespace: `fault-${name}-${backend}`,
    evidence: OUT,
  };
  const row: Row = { name, backend, seed: SEED, outcome: 'did not end' };
  rows.push(row);
  const outcome = await runOnCluster(name, {
    backend,
    place,
    settings: tinyClusterRun('run-1'),
    seed: SEED,
    signal,
  }).catch((thrown: unknown) => {
    row.outcome = String(thrown);
    throw thrown;
  });
  row.outcome = outcome;
  writeFileSync(join(OUT, `certificate-${name}-${backend}.json`), `${JSON.stringify(outcome.certificate, null, 2)}\n`);
  expectAsWithout(name, outcome, CLUSTER_FAULTS[name]?.poison);
}

test.concurrent.for(pairs.filter((pair) => !alone(pair)))('%s over %s', (pair, { signal }) => inject(pair, signal));
test.for(pairs.filter(alone))('%s over %s', (pair, { signal }) => inject(pair, signal));

afterAll(() => {
  const table = faultTable(rows.sort((a, b) => a.name.localeCompare(b.name) || a.backend.localeCompare(b.backend)));
  writeFileSync(join(OUT, 'faults.txt'), `${table}\n`);
  const left = all.filter((pair) => !isTurn(pair)).map(([name, backend]) => `${name} over ${backend}`);
  console.log(`${table}\n${left.length > 0 ? `\nnot injected in this run: ${left.join(', ')}\n` : ''}`);
});
