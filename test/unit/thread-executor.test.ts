/** The compiled executor: its compute thread is a file of `dist`. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Chunk } from '../../core/model/chunk.js';
import { ThreadExecutor } from '../../dist/compute/thread-executor.js';
import type { Executor, Outcome } from '../../dist/compute/executor.js';
import { configOf, resultRecord, temporaryDirectory } from './support.js';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => void (directory = temporaryDirectory()));
afterEach(() => directory[Symbol.dispose]());

const at = (name: string): string => join(directory.path, name);

/** A computation module of the test's own. */
function computation(source: string): string {
  const path = at('own.mjs');
  writeFileSync(path, source);
  return path;
}

/** `count` chunks of ten parameters. */
function chunksOf(name: string, count: number): Chunk[] {
  return Array.from({ length: count }, (_, i) => ({
    runId: 'run-1',
    chunkId: `${i}`,
    start: i * 10,
    end: i * 10 + 9,
    computation: name,
    keepValues: false,
    piece: false,
    createdAt: '',
  }));
}

function executorOf(env: Record<string, string> = {}, progress: (n: number) => void = () => undefined): ThreadExecutor {
  return new ThreadExecutor(configOf({ SIMULATE_WORK_MS: '0', ...env }), progress);
}

/** Executes one batch, and gives its outcomes in the order in which they came. */
async function execute(
  executor: Executor,
  chunks: readonly Chunk[],
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  await executor.execute(chunks, { signal, settled: (some) => void outcomes.push(...some) });
  return outcomes;
}

async function executeAlone(source: string, count: number, env?: Record<string, string>): Promise<Outcome[]> {
  await using executor = executorOf(env);
  return await execute(executor, chunksOf(computation(source), count));
}

/** What became of each chunk: its sum, or the parameter that failed it; `?` where none is to blame. */
const summary = (outcomes: readonly Outcome[]): string[] =>
  [...outcomes]
    .sort((a, b) => a.index - b.index)
    .map((o) => `${o.index}: ${'computed' in o ? o.computed.summary.sum : `failed at ${o.failure.parameter ?? '?'}`}`);

const messageOf = (outcome: Outcome | undefined): string =>
  outcome && 'failure' in outcome ? outcome.failure.message : '';

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('executing a batch', { timeout: 60_000 }, () => {
  it('computes every chunk once, in order, as the reference does', async () => {
    await using executor = executorOf();
    const outcomes = await execute(executor, chunksOf('builtin', 40));
    expect(outcomes.map((o) => o.index)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    for (const outcome of outcomes) {
      const { digest, summary: expected } = resultRecord(outcome.index * 10, outcome.index * 10 + 9);
      expect(outcome).toMatchObject({ computed: { digest, summary: expected } });
      expect(outcome).not.toHaveProperty('computed.values');
    }
  });

  it('computes one batch after another on the same thread', async () => {
    const once = `let loaded = 0; export const compute = () => ++loaded;`;
    await using executor = executorOf();
    const chunks = chunksOf(computation(once), 1);
    expect(summary(await execute(executor, chunks))).toEqual(['0: 55']);
    expect(summary(await execute(executor, chunks))).toEqual(['0: 155']);
  });

  it('has nothing to do with an empty batch', async () => {
    await using executor = executorOf();
    expect(await execute(executor, [])).toEqual([]);
  });

  it('may be warmed up first', async () => {
    await using executor = executorOf();
    executor.warmUp();
    expect(await execute(executor, chunksOf('builtin', 1))).toHaveLength(1);
  });

  it('keeps the values where the run asks for them', async () => {
    await using executor = executorOf();
    const chunks = chunksOf(computation('export const compute = (i) => i * 2;'), 1);
    const keeping = chunks.map((chunk) => ({ ...chunk, keepValues: true }));
    const [outcome] = await execute(executor, keeping);
    expect(outcome).toMatchObject({ computed: { values: [0, 2, 4, 6, 8, 10, 12, 14, 16, 18] } });
  });

  it('takes computations that return promises', async () => {
    expect(summary(await executeAlone('export const compute = async (i) => i;', 2))).toEqual(['0: 45', '1: 145']);
  });

  it('reports progress each time BATCH_SIZE parameters are done', async () => {
    const reported: number[] = [];
    await using executor = executorOf({ BATCH_SIZE: '25' }, (n) => void reported.push(n));
    await execute(executor, chunksOf('builtin', 10));
    expect(reported).toEqual([25, 25, 25, 25]);
  });

  it('computes chunks of several computations in one batch', async () => {
    await using executor = executorOf();
    const [first] = chunksOf('builtin', 1);
    const [, second] = chunksOf(computation('export const compute = (i) => -i;'), 2);
    expect(summary(await execute(executor, [first as Chunk, second as Chunk]))).toEqual(['0: 449.5', '1: -145']);
  });
});

describe('a chunk that fails', { timeout: 60_000 }, () => {
  it.each([
    ['throws', 'if (i === 17) throw new RangeError("too deep"); return i;', 'too deep'],
    ['rejects', 'return i === 17 ? Promise.reject(new Error("too late")) : i;', 'too late'],
    ['throws what is no error', 'if (i === 17) throw "text"; return i;', 'text'],
    [
      'throws an error whose message is no text',
      'if (i === 17) throw Object.assign(new Error(), { message: () => "odd", stack: [() => 1] }); return i;',
      'odd',
    ],
  ])('because one parameter %s names that parameter, and its neighbours do not notice', async (_, body, message) => {
    const outcomes = await executeAlone(`export const compute = (i) => { ${body} };`, 3);
    expect(summary(outcomes)).toEqual(['0: 45', '1: failed at 17', '2: 245']);
    expect(messageOf(outcomes[1])).toContain(message);
    expect(outcomes[1]).toMatchObject({ failure: { blame: 'parameter', retryable: true } });
  });

  it.each([
    ['nothing', 'if (i !== 17) return i;', 'value is undefined: a value is a number, text'],
    ['a column of nothing', 'return { loss: i === 17 ? undefined : i };', 'value.loss is undefined'],
    ['a big integer', 'return i === 17 ? 17n : i;', 'value is a bigint'],
    ['a promise of nothing', 'return i === 17 ? Promise.resolve() : i;', 'value is undefined'],
  ])('because one parameter gives %s is not tried again', async (_, body, message) => {
    const outcomes = await executeAlone(`export const compute = (i) => { ${body} };`, 3);
    expect(summary(outcomes)[1]).toBe('1: failed at 17');
    expect(messageOf(outcomes[1])).toContain(message);
    expect(outcomes[1]).toMatchObject({ failure: { blame: 'parameter', retryable: false } });
  });

  it('is none because of NaN, infinity, text and objects, which are values', async () => {
    const body = 'return i < 10 ? [NaN, 1 / 0, "17", { a: i }, null][i % 5] : i;';
    const outcomes = await executeAlone(`export const compute = (i) => { ${body} };`, 2);
    expect(summary(outcomes)).toEqual(['0: 0', '1: 145']);
    expect(outcomes[0]).toMatchObject({
      computed: { summary: { nan: 2, infinite: 2, other: 6, columns: [{ column: 'a' }] } },
    });
  });

  it.each([
    [
      'cannot be loaded is the fault of the computation',
      'export const compute = (;',
      'computation',
      'could not be loaded',
    ],
    ['is not there is the fault of this worker', undefined, 'worker', 'there is no such file'],
  ])('because its module %s, not of a parameter', async (_, source, blame, message) => {
    await using executor = executorOf();
    const name = source === undefined ? at('absent.mjs') : computation(source);
    const outcomes = await execute(executor, chunksOf(name, 1));
    expect(outcomes).toMatchObject([{ failure: { blame, message: expect.stringContaining(message) as string } }]);
    expect(outcomes[0]).not.toHaveProperty('failure.parameter');
  });

  it('because of an error that says so need not be tried again', async () => {
    const outcomes = await executeAlone(
      'export const compute = () => { throw Object.assign(new Error("singular"), { retryable: false }); };',
      1,
    );
    expect(outcomes).toMatchObject([
      { failure: { blame: 'parameter', parameter: 0, message: 'singular', retryable: false } },
    ]);
  });

  it('because of a simulated fault is to be tried again', async () => {
    await using executor = executorOf({ SIMULATE_FAULT_RATE: '1' });
    expect(await execute(executor, chunksOf('builtin', 2))).toMatchObject([
      { failure: { retryable: true } },
      { failure: { message: expect.stringContaining('SIMULATE_FAULT_RATE') as string } },
    ]);
  });

  it.each([
    ['ends its process', 'process.exit(3);'],
    ['ends its process later', 'setTimeout(() => process.exit(0)); return new Promise(() => {});'],
    ['throws where nobody catches', 'setTimeout(() => { throw new Error("stray"); }); return new Promise(() => {});'],
    ['leaves a rejection unhandled', 'Promise.reject(new Error("stray")); return new Promise(() => {});'],
  ])('because it %s takes no neighbour with it, and each chunk has one outcome', async (_, body) => {
    const outcomes = await executeAlone(`export const compute = (i) => { if (i === 37) { ${body} } return i; };`, 6);
    expect(summary(outcomes)).toEqual(['0: 45', '1: 145', '2: 245', '3: failed at 37', '4: 445', '5: 545']);
    expect(messageOf(outcomes.find((o) => o.index === 3))).toContain('ended its compute thread');
  });

  it('by ending its process costs no result that was handed over before', async () => {
    const slow = 'if (i < 10) await new Promise((resolve) => setTimeout(resolve, 5));';
    const outcomes = await executeAlone(
      `export const compute = async (i) => { ${slow} if (i === 15) process.exit(1); return i; };`,
      3,
    );
    expect(summary(outcomes)).toEqual(['0: 45', '1: failed at 15', '2: 245']);
  });

  it('by ending its process does so for each such chunk, whatever their number and place', async () => {
    const outcomes = await executeAlone('export const compute = (i) => (i % 20 === 0 ? process.exit(1) : i);', 5);
    expect(summary(outcomes)).toEqual(['0: failed at 0', '1: 145', '2: failed at 20', '3: 345', '4: failed at 40']);
  });

  it.each([
    ['never returns', 'for (;;);'],
    ['never keeps its promise', 'return new Promise(() => {});'],
  ])('because it %s is ended by CHUNK_TIMEOUT_SECONDS, and its neighbours have their results', async (_, body) => {
    const outcomes = await executeAlone(`export const compute = (i) => { if (i === 15) { ${body} } return i; };`, 3, {
      CHUNK_TIMEOUT_SECONDS: '1',
    });
    expect(summary(outcomes)).toEqual(['0: 45', '1: failed at 15', '2: 245']);
    expect(messageOf(outcomes.find((o) => o.index === 1))).toBe('took longer than CHUNK_TIMEOUT_SECONDS=1');
  });

  it('leaves a thread that computes the next batch', async () => {
    await using executor = executorOf();
    await execute(executor, chunksOf(computation('export const compute = () => process.exit(1);'), 1));
    expect(summary(await execute(executor, chunksOf('builtin', 1)))).toEqual(['0: 449.5']);
  });
});

describe('a computation that cannot be loaded', { timeout: 60_000 }, () => {
  it.each([
    ['never ends', 'for (;;);', 'took longer than CHUNK_TIMEOUT_SECONDS=1'],
    ['waits for ever', 'setInterval(() => {}, 1000); await new Promise(() => {});', 'took longer than'],
    ['ends its process', 'process.exit(1);', 'ended its compute thread'],
  ])(
    'because loading it %s is to blame, not its parameters, and its neighbours do not notice',
    async (_, load, why) => {
      const own = computation(`${load} export const compute = (i) => i;`);
      const chunks = chunksOf(own, 4).map((chunk, i) => (i === 1 ? { ...chunk, computation: 'builtin' } : chunk));
      await using executor = executorOf({ CHUNK_TIMEOUT_SECONDS: '1' });
      const outcomes = await execute(executor, chunks);
      expect(outcomes.map(({ index }) => index).sort()).toEqual([0, 1, 2, 3]);
      for (const outcome of outcomes.filter(({ index }) => index !== 1)) {
        expect(outcome).toMatchObject({ failure: { blame: 'computation', retryable: true } });
        expect(outcome).not.toHaveProperty('failure.parameter');
        expect(messageOf(outcome)).toContain(`${own} could not be loaded: loading it ${why}`);
      }
      expect(outcomes.find(({ index }) => index === 1)).toHaveProperty('computed');
    },
  );

  it('is loaded anew with the next batch, when it may have been mended', async () => {
    await using executor = executorOf();
    const own = computation('export const compute = (;');
    expect(await execute(executor, chunksOf(own, 1))).toMatchObject([{ failure: { blame: 'computation' } }]);
    computation('export const compute = (i) => i;');
    expect(summary(await execute(executor, chunksOf(own, 1)))).toEqual(['0: 45']);
  });
});

describe('a computation in a call that cannot be interrupted', { timeout: 60_000 }, () => {
  /** Waits in a system call until the file `go` is there. */
  const blocking = (): string =>
    computation(`
      import { execFileSync } from 'node:child_process';
      const wait = 'touch ${at('waits')}; while [ ! -e ${at('go')} ]; do sleep 0.05; done';
      export const compute = (i) => (i < 10 ? i : (execFileSync('sh', ['-c', wait], { stdio: 'ignore' }), i));`);

  it('is ended by its time limit all the same, and its neighbours have their results', async () => {
    await using executor = executorOf({ CHUNK_TIMEOUT_SECONDS: '1' });
    const chunks = chunksOf(blocking(), 2);
    const outcomes = await execute(executor, [...chunks, ...chunksOf('builtin', 1)]);
    expect(summary(outcomes)).toEqual(['0: 45', '1: failed at 10', '2: 449.5']);
    expect(executor.isStuck).toBe(true);
    writeFileSync(at('go'), '');
    await until(() => !executor.isStuck);
  });

  it('is given up when the batch is ended: the process need not wait for it', async () => {
    await using executor = executorOf();
    const stop = new AbortController();
    const executing = execute(executor, chunksOf(blocking(), 2).slice(1), stop.signal);
    await until(() => existsSync(at('waits')));
    stop.abort();
    expect(await executing).toEqual([]);
    expect(executor.isStuck).toBe(true);
    writeFileSync(at('go'), '');
    await until(() => !executor.isStuck);
  });
});

describe('an executor', { timeout: 60_000 }, () => {
  /** Spins on the processor, without an event loop, until the file `go` is there. */
  const spinning = (): string =>
    computation(`
    import { existsSync, writeFileSync } from 'node:fs';
    export const compute = (i) => {
      if (i < 10) return i;
      writeFileSync(${JSON.stringify(at('spins'))}, '');
      while (!existsSync(${JSON.stringify(at('go'))}));
      return i;
    };`);

  it('leaves the main thread free while a chunk computes', async () => {
    await using executor = executorOf();
    const executing = execute(executor, chunksOf(spinning(), 2));
    // Both lines run on this thread while the chunk occupies its own; the chunk ends by nothing else.
    await until(() => existsSync(at('spins')));
    writeFileSync(at('go'), '');
    expect(summary(await executing)).toEqual(['0: 45', '1: 145']);
  });

  it('hands over what is finished while a slow neighbour still computes', async () => {
    await using executor = executorOf();
    const outcomes: Outcome[] = [];
    const [first, second] = chunksOf(spinning(), 2) as [Chunk, Chunk];
    const slowFirst = computation(
      `export const compute = async (i) => { await new Promise((r) => setTimeout(r, 5)); return i; };`,
    );
    writeFileSync(
      at('spin.mjs'),
      `import { existsSync } from 'node:fs'; export const compute = (i) => { while (!existsSync(${JSON.stringify(at('go'))})); return i; };`,
    );
    const chunks = [
      { ...first, computation: slowFirst },
      { ...second, computation: at('spin.mjs') },
    ];
    const executing = executor.execute(chunks, {
      signal: new AbortController().signal,
      settled: (some) => void outcomes.push(...some),
    });
    await until(() => outcomes.length === 1);
    writeFileSync(at('go'), '');
    await executing;
    expect(summary(outcomes)).toEqual(['0: 45', '1: 145']);
  });

  it('ends a batch when it is told to: what is not finished gets no outcome, and no failure', async () => {
    await using executor = executorOf();
    const stop = new AbortController();
    const executing = execute(executor, chunksOf(spinning(), 3).slice(1), stop.signal);
    await until(() => existsSync(at('spins')));
    stop.abort();
    expect(await executing).toEqual([]);
    expect(summary(await execute(executor, chunksOf('builtin', 1)))).toEqual(['0: 449.5']);
  });

  it('begins nothing after it was told to stop', async () => {
    await using executor = executorOf();
    expect(await execute(executor, chunksOf(spinning(), 2), AbortSignal.abort())).toEqual([]);
    expect(existsSync(at('spins'))).toBe(false);
  });
});
