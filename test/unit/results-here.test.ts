/** `ttg results` of a run on this machine: how it is named, and what of it comes out. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROGRAMS } from '../../ops/programs.js';
import { placeWith, type Place } from '../support/run-file.js';

const FILE = `
run: {id: small}
parameters: {grid: {x: [1, 2, 3], "y": {from: 0, to: 1, steps: 3}}}
`;
const MODULE = 'export const compute = ({ x, y }) => ({ loss: x * y, gap: NaN });\n';

interface Answer {
  readonly status: unknown;
  readonly stdout: Buffer;
  readonly stderr: string;
}

describe('results of a run on this machine', { timeout: 60_000 }, () => {
  let place: Place;
  beforeAll(async () => {
    place = placeWith({ 'small.yaml': FILE, 'model.mjs': MODULE });
    mkdirSync(join(place.path, 'elsewhere'));
    expect(await place.run('small.yaml', '--source', 'model.mjs', '-j', '1')).toMatchObject({ status: 0 });
  }, 60_000);
  afterAll(() => place[Symbol.dispose]());

  const ttg = (args: readonly string[], cwd = place.path): Promise<Answer> =>
    new Promise((resolve) => {
      const options = { cwd, env: { PATH: process.env['PATH'] }, encoding: 'buffer' as const };
      execFile(process.execPath, [PROGRAMS.ttg, ...args], options, (error, stdout, stderr) =>
        resolve({ status: error ? error.code : 0, stdout, stderr: stderr.toString() }),
      );
    });

  it.each<[string, string]>([
    ['small', '.'],
    ['runs/small', '.'],
    ['./runs/small/', '.'],
    ['../runs/small', 'elsewhere'],
  ])('are those of the run that %s names in %s', async (name, folder) => {
    const answer = await ttg(['results', name, '--top', '1', '--by', 'loss'], join(place.path, folder));
    expect(answer).toMatchObject({ status: 0, stderr: '' });
    expect(answer.stdout.toString()).toMatch(/^index .*\n +8 +3 +1 +ok +1 +NaN +3\n$/);
  });

  it.each(['verify', 'status', 'why'])('are found by %s, too, by the path as argument and as option', async (verb) => {
    for (const words of [['runs/small'], ['--run-id', 'runs/small']]) {
      const { status, stdout } = await ttg([verb, ...words]);
      expect({ status, text: stdout.toString() }).toEqual({
        status: 0,
        text: expect.stringContaining('small') as string,
      });
    }
  });

  it('are of the chunks that `ttg plan` had told', async () => {
    const json = async (...args: string[]): Promise<unknown> => JSON.parse((await ttg(args)).stdout.toString());
    const { here } = (await json('plan', 'small.yaml', '--source', 'model.mjs', '-j', '1', '--json')) as {
      here: { run: string; chunks: number };
    };
    expect(await json('results', here.run, '--json')).toMatchObject({ chunks: here.chunks, parameters: 9 });
  });

  it('are refused where the path leads to no run, with those that there are', async () => {
    const { status, stderr } = await ttg(['results', 'runs/smal']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/runs\/smal is no folder of a run.*\(runs holds small\)/);
  });

  it('are the same Parquet file through a pipe', async () => {
    expect(await ttg(['results', 'small', '--out', 'small.parquet'])).toMatchObject({ status: 0 });
    const { status, stdout } = await ttg(['results', 'small', '--format', 'parquet']);
    expect(status).toBe(0);
    expect(stdout.equals(readFileSync(join(place.path, 'small.parquet')))).toBe(true);
    expect([stdout.subarray(0, 4).toString(), stdout.subarray(-4).toString()]).toEqual(['PAR1', 'PAR1']);
  });

  it.each<[string[], string]>([
    [['--top', '2', '--by', 'gap'], 'no rows: no parameter has a value in column gap (NaN has no order)\n'],
    [['--where', 'x > 5'], 'no rows: no parameter meets x > 5\n'],
    [['--failed'], 'no rows: no parameter is dead or missing\n'],
  ])('say why there is no row: %j', async (words, why) => {
    expect(await ttg(['results', 'small', ...words])).toMatchObject({ status: 0, stderr: why });
  });
});
