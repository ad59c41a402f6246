/** A run whose values lie outside of the log, from seeding to its table: the same for every store. */
import { expect } from 'vitest';
import { runFleet, ttg } from './fleet.js';

const TOTAL = 500;

/** @param env of all its processes, with broker and store. @returns names of the objects that its records name */
export async function runStored(env: Record<string, string>, during?: (done: number) => void): Promise<string[]> {
  await using run = await runFleet({
    workers: 2,
    deadlineMs: 90_000,
    env,
    finished: (live) => {
      during?.(live.covered.count);
      return live.isFinished;
    },
  });
  const names: string[] = [];
  for await (const entry of run.broker.records()) {
    if ('undecodable' in entry || entry.record.kind !== 'result') continue;
    expect(entry.record.values).toBeUndefined();
    names.push(entry.record.valuesAt?.name ?? 'none');
  }
  expect(run.ledger.plan).toMatchObject({ keepValues: true, store: env['RESULTS_STORE'] });
  const jsonl = await ttg(env, 'results', '--format', 'jsonl');
  const rows = jsonl.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(rows.map(({ index, value }) => [index, value])).toEqual(
    Array.from({ length: TOTAL }, (_, i) => [i, i * 0.37]),
  );
  const csv = await ttg(env, 'results', '--csv');
  expect(csv.stdout.trimEnd().split('\n')).toHaveLength(TOTAL + 1);
  const verified = await ttg(env, 'verify');
  expect(verified.stdout).toMatch(/values +of \d+ records lie in .*--values/);
  expect(verified.status).toBe(0);
  const checked = await ttg(env, 'verify', '--values');
  expect(checked).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/values +\d+ objects .*: 0 lost/) as string,
  });
  return names;
}

export const storedRun = (computation: string): Record<string, string> => ({
  TOTAL_PARAMETERS: String(TOTAL),
  CHUNK_SIZE: '10',
  COMPUTATION: computation,
  IDLE_TIMEOUT_SECONDS: '1',
});

export const COMPUTATION = 'export const compute = (i) => i * 0.37;';
