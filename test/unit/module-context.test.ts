/** What a module is told beside its parameter. The compute thread is a file of `dist`. */
import { readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Compute, Setup } from 'ttg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Chunk } from '../../core/model/chunk.js';
import type { Outcome } from '../../compute/executor.js';
import { WorkerExecutor } from '../../dist/compute/worker-executor.js';
import { readSweep } from '../../core/sweep/read.js';
import { unpack } from '../../core/wire/values-codec.js';
import { configOf, temporaryDirectory } from './support.js';

let directory: ReturnType<typeof temporaryDirectory>;
let logged: string[];
beforeEach(() => {
  directory = temporaryDirectory();
  logged = [];
});
afterEach(() => directory[Symbol.dispose]());

const GRID = { grid: { a: [1, 2], b: ['x', 'y'] } };

/** Writes a sweep of a module, or of whatever the computation says. @returns its id */
async function sweepWith(source: string | undefined, parameters: object = GRID, computation?: object, name = 'test') {
  const file = join(directory.path, `sweep-${name}.json`);
  writeFileSync(file, JSON.stringify({ parameters, computation, source }));
  return (await readSweep(file)).id;
}

function executorOf(env: Record<string, string> = {}): WorkerExecutor {
  const SWEEP_FILE = join(directory.path, 'sweep-test.json');
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  return new WorkerExecutor(configOf({ SWEEP_FILE, SIMULATE_WORK_MS: '0', ...env }), log, () => undefined);
}

const chunk = (computation: string, start: number, end: number, runId = 'run-1'): Chunk => ({
  ...{ runId, chunkId: `${start}`, start, end, computation },
  ...{ keepValues: true, piece: false, createdAt: '' },
});

async function execute(executor: WorkerExecutor, chunks: readonly Chunk[], signal = new AbortController().signal) {
  const outcomes: Outcome[] = [];
  await executor.execute(chunks, { signal, settled: (some) => void outcomes.push(...some) });
  return outcomes.sort((a, b) => a.index - b.index);
}

function valuesOf(outcome: Outcome | undefined): unknown {
  if (!outcome || 'failure' in outcome) return outcome?.failure;
  return outcome.computed.values ?? unpack(outcome.computed.packed ?? '');
}

async function computed(source: string, parameters: object = GRID, env = {}): Promise<unknown> {
  const id = await sweepWith(source, parameters);
  await using executor = executorOf(env);
  return valuesOf((await execute(executor, [chunk(id, 0, 3)]))[0]);
}

/** As users write it: the types are those of the package. */
const typed: { setup: Setup<{ k: number }>; compute: Compute<{ a: number }, { k: number }> } = {
  setup: ({ total = 0 }) => ({ k: total }),
  compute: ({ a }, { state, index }) => ({ loss: a * state.k, nothing: null, index }),
};

describe('a module of a sweep', { timeout: 60_000 }, () => {
  it('gets its columns, where the parameters have some', async () => {
    expect(await computed('export const compute = ({ a, b }) => b + a;')).toEqual(
      ['x1', 'x2', 'y1', 'y2'].sort((p, q) => p.slice(1).localeCompare(q.slice(1))),
    );
  });

  it('may be written with the types of the package', async () => {
    const source = `export const setup = ${String(typed.setup)}; export const compute = ${String(typed.compute)};`;
    expect(await computed(source)).toEqual([4, 4, 8, 8].map((loss, index) => ({ loss, nothing: null, index })));
  });

  it('gets its index, where they have none', async () => {
    expect(await computed('export const compute = (i) => i * 2;', { range: 4 })).toEqual([0, 2, 4, 6]);
  });

  it('is told index, total and run', async () => {
    const values = await computed('export const compute = (_, { index, total, runId }) => [index, total, runId];');
    expect(values).toEqual([0, 1, 2, 3].map((i) => [i, 4, 'run-1']));
  });

  it('draws the same random numbers whenever and wherever a parameter is computed, others for each parameter and run', async () => {
    const id = await sweepWith('export const compute = (_, { random }) => [random(), random(), random.normal()];');
    await using one = executorOf();
    const [whole, other] = (await execute(one, [chunk(id, 0, 3), chunk(id, 0, 3, 'run-2')])).map(
      valuesOf,
    ) as number[][][];
    await using two = executorOf();
    expect(valuesOf((await execute(two, [chunk(id, 2, 3)]))[0])).toEqual(whole?.slice(2));
    const all = [...(whole ?? []), ...(other ?? [])].flat();
    expect(new Set(all).size).toBe(all.length);
  });

  it('sets up once, has what that gave, and takes it down when the worker leaves', async () => {
    const gone = join(directory.path, 'gone');
    const id = await sweepWith(`
      import { writeFileSync } from 'node:fs';
      let times = 0;
      export const setup = async ({ runId, total }) => ({ runId, total, times: ++times });
      export const compute = (_, { state }) => state;
      export const teardown = async (state) => writeFileSync(${JSON.stringify(gone)}, JSON.stringify(state));`);
    const executor = executorOf();
    const outcomes = await execute(executor, [chunk(id, 0, 1), chunk(id, 2, 3)]);
    const state = { runId: 'run-1', times: 1, total: 4 };
    expect(outcomes.map(valuesOf)).toEqual([
      [state, state],
      [state, state],
    ]);
    expect(readdirSync(directory.path)).not.toContain('gone');
    await executor[Symbol.asyncDispose]();
    expect(readdirSync(directory.path)).toContain('gone');
  });

  it('whose setup fails is to blame as a whole', async () => {
    expect(
      await computed('export const setup = () => { throw new Error("no licence") }; export const compute = () => 1;'),
    ).toMatchObject({
      blame: 'computation',
      message: expect.stringMatching(/^setup of the computation failed: Error: no licence/) as string,
    });
  });

  it('logs through the log of the worker', async () => {
    await computed(`export const compute = (_, { log, index }) => {
      log.info({ index, odd: () => 1, big: [1n].length }, 'a step'); log.warn('careful'); return 1;
    };`);
    expect(logged.join('')).toMatch(/"level":30.*"index":0,"big":1,"msg":"a step"/);
    expect(logged.join('')).toMatch(/"level":40.*"msg":"careful"/);
  });

  it('is told when its time is over', async () => {
    const told = join(directory.path, 'told');
    const source = `
      import { writeFileSync } from 'node:fs';
      export const compute = (_, { signal }) => new Promise((resolve) =>
        signal.addEventListener('abort', () => { writeFileSync(${JSON.stringify(told)}, ''); resolve(1); }));`;
    expect(await computed(source, GRID, { CHUNK_TIMEOUT_SECONDS: '1' })).toMatchObject({
      message: 'took longer than CHUNK_TIMEOUT_SECONDS=1',
    });
    expect(readdirSync(directory.path)).toContain('told');
  });

  it('leaves nothing in the folder of temporary files', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('ttg-source-'));
    await computed('export const compute = () => 1;');
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('ttg-source-') && !before.includes(name))).toEqual(
      [],
    );
  });
});

describe('the executor of a worker', { timeout: 60_000 }, () => {
  it('hands each chunk to what computes it', async () => {
    const own = join(directory.path, 'own.mjs');
    writeFileSync(own, 'export const compute = (i, { total }) => [i, total ?? null];');
    const command = ['/bin/sh', '-c', 'echo "$TTG_INDEX"; exit 0'];
    const older = await sweepWith(undefined, GRID, { command }, 'older');
    const id = await sweepWith('export const compute = ({ a }) => a;');
    await using executor = executorOf({ PATH: '/bin:/usr/bin' });
    const chunks = [chunk(older, 0, 1), chunk('builtin', 0, 0), chunk(id, 0, 0), chunk(own, 7, 7), chunk(older, 3, 3)];
    expect((await execute(executor, chunks)).map(valuesOf)).toEqual([[0, 1], [13], [1], [[7, null]], [3]]);
  });

  it('does not have what is in no file, and what is beyond the file', async () => {
    const id = await sweepWith('export const compute = () => 1;');
    await using executor = executorOf();
    const outcomes = await execute(executor, [chunk('sweep:0123', 0, 1), chunk('builtin', 0, 0), chunk(id, 3, 4)]);
    expect(outcomes[0]).toMatchObject({ failure: { blame: 'worker' } });
    expect(outcomes[1]).toHaveProperty('computed');
    expect(outcomes[2]).toMatchObject({ failure: { blame: 'worker' } });
  });
});
