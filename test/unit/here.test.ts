/** A run on this machine, as far as it is pure: chunks, names, settings, joblog, display, and what is said of a past. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { durationText } from '../../ops/demo/live.js';
import { sweepOf } from '../../core/sweep/read.js';
import type { ComputationSpec } from '../../core/model/sweep.js';
import { chunkSizeFor } from '../../ops/here/chunk-size.js';
import { lines } from '../../ops/here/display.js';
import { dryLine } from '../../ops/here/dry-run.js';
import { deathText } from '../../ops/here/failure.js';
import { Folder } from '../../ops/here/folder.js';
import { JOBLOG_HEADER, joblogLine } from '../../ops/here/joblog.js';
import { checkKeys } from '../../ops/here/keys.js';
import { Pace } from '../../ops/here/pace.js';
import { resumeText, type Past } from '../../ops/here/past.js';
import { runIdOf } from '../../ops/here/run-id.js';
import { jsonSet, withSets } from '../../ops/here/sets.js';
import { inherited, settingsOf } from '../../ops/here/settings.js';
import { ownCommand, shellLine } from '../../ops/here/words.js';
import { deadRecord, planRecord, resultRecord, temporaryDirectory } from './support.js';

describe('the chunk size', () => {
  const program = {
    kind: 'program',
    command: ['x'],
    concurrency: 1,
    timeoutSeconds: undefined,
    memoryBytes: undefined,
  } as const;
  const computations: Record<string, ComputationSpec> = {
    module: { kind: 'module' },
    process: { ...program, protocol: 'process', batch: undefined },
    lines: { ...program, protocol: 'lines', batch: undefined },
    batches: { ...program, protocol: 'lines', batch: 100 },
  };

  it.each([
    [1, 8, 'module', 1],
    [100, 2, 'module', 3],
    [3000, 2, 'module', 93],
    [1_000_000, 2, 'module', 1000],
    [15, 1, 'module', 1],
    [3000, 2, 'process', 93],
    [1_000_000, 2, 'process', 100],
    [1_000_000, 2, 'lines', 1000],
    [3000, 2, 'batches', 93],
    [1_000_000, 2, 'batches', 8000],
  ])('of %i parameters and %i workers that compute %s is %i', (total, workers, what, size) => {
    expect(chunkSizeFor(total, workers, computations[what] as ComputationSpec)).toBe(size);
    if (total >= 16 * workers) expect(Math.ceil(total / size)).toBeGreaterThanOrEqual(16 * workers);
  });
});

describe('the run id of a file', () => {
  it.each([
    ['heat.yaml', 'heat'],
    ['/a/b/Heat 2.yml', 'heat-2'],
    [`${'x'.repeat(39)}.yy.yaml`, 'x'.repeat(39)],
  ])('%s is %s', (file, id) => expect(runIdOf(file)).toBe(id));
  it('is refused where the name makes none', () => expect(() => runIdOf('…….yaml')).toThrow(/run\.id.*--run-id/));
});

describe('a command line', () => {
  it('is quoted only where a shell would read it otherwise', () =>
    expect(shellLine(['python3', '-c', "print('a b')", '--x=1', ''])).toBe(
      String.raw`python3 -c 'print('\''a b'\'')' --x=1 ''`,
    ));
  it.each([
    [['/usr/bin/node', '/x/bin/ttg', 'run', 'a b.yaml'], {}, "ttg run 'a b.yaml'"],
    [['/usr/bin/node', '/x/bin/ttg', 'run', 'a.yaml'], { npm_command: 'exec' }, 'npx ttg run a.yaml'],
    [['/usr/bin/node', '/x/dist/cli/main.js', 'run', 'a.yaml'], {}, 'node /x/dist/cli/main.js run a.yaml'],
  ])('is told as it was typed: %j', (argv, env, told) => expect(ownCommand(argv, env)).toBe(told));
});

describe('settings', () => {
  it('come from the keys of the chart; what is about pods is left out', () => {
    const settings = settingsOf({
      run: { id: 'x', maxDead: '2%', chunkSize: 7 },
      worker: { maxRetries: 0, chunksPerWorker: 50, image: 'a' },
    });
    expect(settings).toMatchObject({ MAX_DEAD: '2%', MAX_RETRIES: '0', CHUNKS_PER_WORKER: '1', RETRY_DELAY_MS: '500' });
    expect(settings).not.toHaveProperty('CHUNK_SIZE');
  });
  it('of the environment stay only where they do not change the run', () =>
    expect(
      inherited({ PATH: '/bin', TOTAL_PARAMETERS: '5', REDIS_HOST: 'h', LOG_LEVEL: 'DEBUG', COMPUTATION: 'x' }),
    ).toEqual({ PATH: '/bin', REDIS_HOST: 'h', LOG_LEVEL: 'DEBUG' }));
});

describe('--set', () => {
  it('takes the place of values, and makes those that are not there', () =>
    expect(
      withSets({ run: { id: 'a', chunkSize: 5 }, x: 1 }, [
        'run.chunkSize=7',
        'worker.maxRetries=0',
        'y={a,0.5}',
        'x=true',
      ]),
    ).toEqual({ run: { id: 'a', chunkSize: 7 }, worker: { maxRetries: 0 }, y: ['a', 0.5], x: true }));
  it('is given to Helm with the type that it has here', () =>
    expect(['a.b=0.5', 'a=x=y', 'a=01'].map(jsonSet)).toEqual(['a.b=0.5', 'a="x=y"', 'a="01"']));
  it.each(['a', '=1', 'a..b=1', 'a[0]=1', 'x.y=1'])('%s is refused', (pair) =>
    expect(() => withSets({ x: 5 }, [pair])).toThrow(/--set /),
  );
});

describe('keys', () => {
  const place = (path: readonly string[]): string => `f:${path.join('/')}`;
  it('of the chart are taken, whatever is in them', () =>
    expect(() =>
      checkKeys({ worker: { maxRetries: 1, resources: { limits: { cpu: 1 } } }, parameters: { x: 1 } }, place),
    ).not.toThrow());
  it('that it does not have are refused, with the one that was meant', () => {
    expect(() => checkKeys({ wroker: {} }, place)).toThrow(
      'f:wroker: wroker is no key of the chart: did you mean worker?',
    );
    expect(() => checkKeys({ worker: { maxretries: 1 } }, place)).toThrow(/did you mean maxRetries/);
    expect(() => checkKeys({ elephant: 1 }, place)).toThrow(/there are .*worker/);
  });
});

describe('a dry run', () => {
  const line = async (computation: object, index: number): Promise<string> =>
    dryLine(
      await sweepOf({ parameters: { grid: { a: [1, 2], w: ["it's"] } }, computation, source: 'x' }, 'test'),
      'my model.py',
      index,
    );
  it('tells a command as a shell would take it, a line as a program reads it, a call as a module gets it', async () => {
    expect(await line({ command: ['python3', '{source}', '{w}', '{a}', '{index}'] }, 1)).toBe(
      String.raw`python3 'my model.py' 'it'\''s' 2 1`,
    );
    expect(await line({ command: ['python3', '{source}'], protocol: 'lines' }, 0)).toBe(
      `{"index":0,"parameter":{"a":1,"w":"it's"}}`,
    );
    expect(await line({}, 0)).toBe(`compute({"a":1,"w":"it's"})`);
  });
});

describe('the joblog', () => {
  const columnsOf = (index: number): object => ({ alpha: index / 10, name: 'a\tb' });
  it('has a line a parameter, with its columns, where a chunk holds one', () =>
    expect(joblogLine(resultRecord(7, 7, { attempt: 2, durationSeconds: 0.5 }), columnsOf)).toBe(
      '7\t{"alpha":0.7,"name":"a\\\\tb"}\t2026-01-01T00:00:00.000Z\t0.500\t2\tw1\tok\t\n',
    ));
  it('has a line a chunk elsewhere, and every line as many fields as its header', () => {
    const line = joblogLine(resultRecord(0, 99), columnsOf) ?? '';
    expect(line).toMatch(/^0-99\t\t/);
    expect(line.split('\t')).toHaveLength(JOBLOG_HEADER.split('\t').length);
  });
  it('keeps an error with newlines and tabs on its line', () =>
    expect(joblogLine(deadRecord(3, 3, { error: 'exit status 1\n\tat x' }), columnsOf)).toMatch(
      /\tdead\texit status 1\\n\\tat x\n$/,
    ));
  it('has nothing of other records', () => expect(joblogLine(planRecord(10), columnsOf)).toBeUndefined());
});

describe('a death', () => {
  it('is told in one line, with the columns', () =>
    expect(deathText(deadRecord(3, 3, { error: 'exit status 1\nTraceback' }), () => ({ n: 64 }))).toMatch(
      /^parameter 3 \{"n":64\}: exit status 1 \(after \d+ attempts\)$/,
    ));
});

describe('the pace', () => {
  it('is told after a second, over the last fifteen', () => {
    const pace = new Pace();
    expect(pace.rate(0, 0)).toBeNull();
    expect(pace.rate(10, 500)).toBeNull();
    expect(pace.rate(100, 1000)).toBe(100);
    for (let second = 2; second <= 40; second++) pace.rate(100 + 50 * second, second * 1000);
    expect(pace.rate(100 + 50 * 41, 41_000)).toBeCloseTo(50);
  });
});

describe('a duration', () => {
  it.each([
    [0.2, '1 s'],
    [99, '99 s'],
    [125, '2 min'],
    [12_000, '3 h 20 min'],
  ])('of %d s is told as %s', (seconds, text) => expect(durationText(seconds)).toBe(text));
});

describe('plain lines', () => {
  it('come ever less often, and the last state comes at the end', () => {
    let now = 0;
    const printed: string[] = [];
    const view = lines(
      (line) => printed.push(line),
      () => now,
    );
    const show = (done: number): void =>
      view.show({ runId: 'r', total: 100, done, dead: 0, rate: 1, etaSeconds: 1, depth: undefined, workers: 2 });
    for (let second = 0; second <= 60; second++) {
      now = second * 1000;
      show(second);
    }
    expect(printed.map((line) => /(\d+) of 100/.exec(line)?.[1])).toEqual(['1', '3', '7', '15', '31']);
    view.end();
    expect(printed.at(-1)).toContain('60 of 100');
  });
});

describe('what is said of a run that is there already', () => {
  const past: Past = { plan: planRecord(3000), results: 1200, dead: 3, missing: 1797, isFinished: false, records: 40 };
  it('counts what is skipped, and why', () => {
    expect(resumeText(past, 3000, false)).toBe(
      'run-1 goes on: 1,200 of 3,000 have results; 3 are dead, and stay so (--retry-dead tries them again); 1,797 to compute',
    );
    expect(resumeText(past, 3000, true)).toMatch(/3 dead ones are tried again; 1,800 to compute$/);
    expect(resumeText({ ...past, results: 3000, dead: 0, missing: 0, isFinished: true }, 3000, false)).toBe(
      'run-1 is finished: 3,000 of 3,000 have results; nothing to compute',
    );
    expect(resumeText({ ...past, results: 3000, dead: 0, missing: 0, isFinished: true }, 4000, false)).toMatch(
      /^run-1 goes on: 3,000 of 4,000 have results; 1,000 to compute$/,
    );
  });
});

describe("a run's folder", () => {
  it('belongs to one process, until that ends however it does', () => {
    using directory = temporaryDirectory();
    {
      using folder = new Folder(directory.path, 'one');
      folder.write('sweep.json', { parameters: {} });
      expect(() => new Folder(directory.path, 'one')).toThrow(/one is in use by process \d+/);
      expect(folder.knownSweep()).toEqual({ parameters: {} });
    }
    expect(existsSync(join(directory.path, 'one', 'lock'))).toBe(false);
    // Left by a process that was killed, whose number another one may have by now.
    writeFileSync(
      join(directory.path, 'one', 'lock'),
      JSON.stringify({ pid: process.pid, host: hostname(), started: '1' }),
    );
    using taken = new Folder(directory.path, 'one');
    expect(readFileSync(join(taken.path, 'lock'), 'utf8')).toContain(`"pid":${process.pid}`);
  });

  it('that is damaged names the file and the way out', () => {
    using directory = temporaryDirectory();
    using folder = new Folder(directory.path, 'one');
    for (const name of ['meta.json', 'sweep.json']) writeFileSync(join(folder.path, name), '{"runId": "o');
    expect(() => folder.checkBackend('embedded')).toThrow(/meta\.json is damaged .*: delete it/);
    expect(() => folder.knownSweep()).toThrow(/sweep\.json is damaged/);
  });

  it('keeps to its backend', () => {
    using directory = temporaryDirectory();
    mkdirSync(join(directory.path, 'one'));
    writeFileSync(join(directory.path, 'one', 'meta.json'), '{"backend":"redis"}');
    using folder = new Folder(directory.path, 'one');
    expect(() => folder.checkBackend('redis')).not.toThrow();
    expect(() => folder.checkBackend('embedded')).toThrow(/started with --backend redis/);
  });
});
