/** Values in a directory: a whole run on real brokers, and what readers say when an object is lost. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, inject, it } from 'vitest';
import { makeProcesses } from '../../ops/local/fleet.js';
import { fleetEnv, ttg } from '../support/fleet.js';
import { COMPUTATION, runStored, storedRun } from '../support/stored-run.js';

const folder = mkdtempSync(join(tmpdir(), 'ttg-stores-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const computation = join(folder, 'compute.mjs');
writeFileSync(computation, COMPUTATION);

it.each(['redis', 'rabbitmq'] as const)('a run on %s keeps its values in a directory', async (backend) => {
  const values = join(folder, backend);
  mkdirSync(values);
  const env = fleetEnv(inject(backend), {
    ...storedRun(computation),
    QUEUE_PREFIX: `stores-${backend}`,
    RESULTS_STORE: 'directory',
    RESULTS_DIRECTORY: values,
  });
  const [first = '', second = ''] = await runStored(env);

  writeFileSync(join(values, first), 'damaged');
  rmSync(join(values, second));
  const checked = await ttg(env, 'verify', '--values');
  expect(checked.status).toBe(1);
  expect(checked.stdout).toContain('2 lost or damaged');
  expect(checked.stdout).toContain(second);
  const results = await ttg(env, 'results', '--format', 'csv');
  expect(results.status).toBe(2);
  expect(results.stderr).toMatch(/is not there|is damaged/);

  // A reader that was not told where they lie.
  const lost = await ttg({ ...env, RESULTS_DIRECTORY: '' }, 'results', '--format', 'csv');
  expect(lost).toMatchObject({ status: 2, stderr: expect.stringContaining('RESULTS_DIRECTORY') as string });
});

it('a seeder publishes nothing where values cannot be stored', async () => {
  const processes = makeProcesses({});
  try {
    const env = fleetEnv(inject('redis'), {
      ...storedRun(computation),
      QUEUE_PREFIX: 'stores-refused',
      RESULTS_STORE: 'directory',
      RESULTS_DIRECTORY: join(folder, 'not-mounted'),
    });
    const seeder = processes.start('seeder', 'seeder', env);
    await seeder.exited;
    expect(seeder.child.exitCode).toBe(2);
    expect(seeder.log).toMatch(/RESULTS_DIRECTORY=.*not-mounted.*chart: results.directory.path/);
    const status = await ttg(env, 'status', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({ total: 0 });
  } finally {
    await processes.end();
  }
});
