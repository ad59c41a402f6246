/** One process a parameter: what it gets, what its output means, and what becomes of those that misbehave. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support.js';
import { isAlive, printed, Trial, until } from './support.js';

const one = { parameters: { range: 1 } };
const out = (text: string): string => `process.stdout.write(${text});`;

describe('a program that is started for each parameter', { timeout: 60_000 }, () => {
  it('gets columns where its command names them, as they are, and never through a shell', async () => {
    const text = '$(touch x) `y` "quoted" \'and\' * ; | \n\\';
    const values = await printed('console.log(JSON.stringify(process.argv.slice(2)))', {
      parameters: { grid: { alpha: [0.1, -2e30], name: [text], on: [true] } },
      computation: {
        command: [process.execPath, '{source}', '--alpha={alpha}', '{name}', '{on}', '{index}', '{json}', '{{}}'],
      },
    });
    const json = (alpha: number): string => JSON.stringify({ alpha, name: text, on: true });
    expect(values).toEqual([
      ['--alpha=0.1', text, 'true', '0', json(0.1), '{}'],
      ['--alpha=-2e+30', text, 'true', '1', json(-2e30), '{}'],
    ]);
  });

  it('gets index, total, run, parameter and seed in its environment, the same seed each time, and no secret', async () => {
    const source = `
      const { TTG_INDEX, TTG_TOTAL, TTG_RUN_ID, TTG_PARAMETER, TTG_SEED, REDIS_PASSWORD, OWN } = process.env;
      console.log(JSON.stringify([TTG_INDEX, TTG_TOTAL, TTG_RUN_ID, TTG_PARAMETER, TTG_SEED, REDIS_PASSWORD ?? null, OWN]))`;
    const given = { parameters: { grid: { x: [5, 6] } }, env: { REDIS_PASSWORD: 'secret', OWN: 'mine' } };
    const values = await printed(source, given);
    expect(values).toEqual([
      ['0', '2', 'run-1', '{"x":5}', expect.stringMatching(/^\d+$/), null, 'mine'],
      ['1', '2', 'run-1', '{"x":6}', expect.stringMatching(/^\d+$/), null, 'mine'],
    ]);
    expect(await printed(source, given)).toEqual(values);
  });

  it('has nothing to read, and ends by itself where it tries', async () => {
    expect(await printed('process.stdin.on("data", () => {}).on("end", () => console.log(7))', one)).toEqual([7]);
  });

  it.each<[string, string, unknown]>([
    ['a number', '"3.25\\n"', 3.25],
    ['a number with CRLF', '"3.25\\r\\n"', 3.25],
    ['a number as Fortran prints it', '"  +.5E+01 "', 5],
    ['2^60', '"1152921504606846976"', 2 ** 60],
    ['1e308', '"1e308"', 1e308],
    ['JSON', '\'{"loss": [1, null, "x"]}\\n\'', { loss: [1, null, 'x'] }],
    ['JSON over several lines', '\'{\\n  "a": 1\\n}\\n\'', { a: 1 }],
    ['a byte order mark before it', '"\\ufeff[1]"', [1]],
    ["Python's NaN and infinity", '\'{"a": NaN, "b": -Infinity, "c": "NaN"}\'', { a: NaN, b: -Infinity, c: 'NaN' }],
    ['nan as printf spells it', '"-nan\\n"', NaN],
    ['inf as Python spells it', '"-inf\\n"', -Infinity],
    ['a word', '"converged\\n"', 'converged'],
    ['a word that begins like JSON', '"true love"', 'true love'],
    ['text with a newline of its own', '"a\\nb\\n\\n"', 'a\nb\n'],
    ['nothing', '""', null],
    ['a newline', '"\\n"', null],
    ['100 KB of text', '"x".repeat(100_000)', 'x'.repeat(100_000)],
  ])('gives %s', async (_, text, value) => {
    expect(await printed(out(text), one)).toEqual([value]);
  });

  it.each([
    ['is no UTF-8', out('Buffer.from([0x6f, 0x6b, 0xff, 0x21])'), /no UTF-8, at byte 2:/],
    ['is an integer that no double is', out('"1152921504606846977"'), /the integer 1152921504606846977 is no double/],
    ['holds one', out('\'{"id": 9007199254740993}\''), /the integer 9007199254740993 is no double/],
    ['has no end', 'for (;;) require("fs").writeSync(1, "x".repeat(65536));', /printed more than 1 MiB/],
    ['has megabytes', out('"x".repeat(5_000_000)'), /printed more than 1 MiB/],
  ])('fails where its output %s', async (_, source, message) => {
    expect(await printed(source, one)).toMatchObject([
      { blame: 'parameter', parameter: 0, message: expect.stringMatching(message) as string },
    ]);
  });

  it('fails by its exit status, with the end of its standard error', async () => {
    const source = 'process.stderr.write("x".repeat(1e6) + "\\nValueError: bad alpha\\n", () => process.exit(3));';
    const [failure] = await printed(source, one);
    expect(failure).toMatchObject({ blame: 'parameter', parameter: 0, retryable: true });
    const { message, output = '' } = failure as { message: string; output?: string };
    expect(message).toMatch(/ended with status 3: ValueError: bad alpha$/);
    expect(output).toHaveLength(4096);
    expect(output).toMatch(/x\nValueError: bad alpha\n$/);
  });

  it('fails by a signal, which is named', async () => {
    expect(await printed('process.kill(process.pid, "SIGSEGV"); setInterval(() => {}, 1000)', one)).toMatchObject([
      { blame: 'parameter', message: expect.stringMatching(/died of SIGSEGV/) as string },
    ]);
  });

  it('is judged by its status, not by what it printed before', async () => {
    expect(await printed('console.log(5); process.exitCode = 1', one)).toMatchObject([{ blame: 'parameter' }]);
  });

  it('takes the parameter of its chunk with it, and no other chunk', async () => {
    await using trial = await Trial.of({
      parameters: { range: 6 },
      source: 'if (process.env.TTG_INDEX === "3") process.exit(1); console.log(process.env.TTG_INDEX)',
    });
    expect(await trial.values(2)).toMatchObject([0, 1, { parameter: 3 }, 4, 5]);
  });

  it('is not told apart from itself by how many run at once: values keep their order', async () => {
    const source = 'setTimeout(() => console.log(process.env.TTG_INDEX), 200 - 30 * process.env.TTG_INDEX)';
    await using trial = await Trial.of({ parameters: { range: 6 }, computation: { concurrency: 6 }, source });
    expect(await trial.values(3)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('runs as often at once as its concurrency says, across chunks', async () => {
    using meet = temporaryDirectory();
    // Each waits until all four are there.
    const source = `
      const fs = require('fs');
      fs.writeFileSync(process.env.MEET + '/' + process.env.TTG_INDEX, '');
      const look = () => (fs.readdirSync(process.env.MEET).length === 4 ? console.log(1) : setTimeout(look, 10));
      look();`;
    const computation = { concurrency: 4 };
    const given = { parameters: { range: 4 }, computation, env: { MEET: meet.path } };
    expect(await printed(source, given)).toEqual([1, 1, 1, 1]);
  });
});

describe('a process that misbehaves', { timeout: 60_000 }, () => {
  /** Starts a child that does this, and says its number by a file. */
  const child = (script: string, detached = false): string => `
    const { spawn } = require('child_process');
    const started = spawn(process.execPath, ['-e', ${JSON.stringify(script)}], { stdio: ['ignore', 'inherit', 'inherit'], detached: ${detached} });
    require('fs').writeFileSync(process.env.PIDS + '/pid', String(started.pid));
    started.unref();`;

  it('and leaves a child that keeps its output open is not waited for, and the child is killed', async () => {
    using place = temporaryDirectory();
    const source = `${child('setInterval(() => {}, 1000)')} console.log(42); process.exit(0);`;
    expect(await printed(source, { ...one, env: { PIDS: place.path } })).toEqual([42]);
    const pid = Number(readFileSync(join(place.path, 'pid'), 'utf8'));
    await until(() => !isAlive(pid));
  });

  it('and leaves one in a session of its own is not waited for either', async () => {
    using place = temporaryDirectory();
    const source = `${child('setTimeout(() => {}, 20_000)', true)} console.log(43); process.exit(0);`;
    expect(await printed(source, { ...one, env: { PIDS: place.path } })).toEqual([43]);
    process.kill(Number(readFileSync(join(place.path, 'pid'), 'utf8')), 'SIGKILL');
  });

  it('and outlasts its time limit is killed with its children, though it ignores SIGTERM', async () => {
    using place = temporaryDirectory();
    const deaf = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);';
    const [failure] = await printed(child(deaf) + deaf, {
      ...one,
      computation: { timeoutSeconds: 0.5 },
      env: { PIDS: place.path },
    });
    expect(failure).toMatchObject({ blame: 'parameter', message: 'took longer than 0.5 s, its time limit' });
    const pid = Number(readFileSync(join(place.path, 'pid'), 'utf8'));
    await until(() => !isAlive(pid));
  });

  it('and is fast enough, but not as often as its chunk has parameters, has its chunk split at once', async () => {
    await using trial = await Trial.of({
      parameters: { range: 8 },
      source: 'setTimeout(() => console.log(1), 400)',
      env: { CHUNK_TIMEOUT_SECONDS: '1' },
    });
    const [outcome] = await trial.execute();
    expect(outcome).toMatchObject({
      failure: { retryable: false, message: 'took longer than CHUNK_TIMEOUT_SECONDS=1 with all its parameters' },
    });
    expect(outcome).not.toHaveProperty('failure.parameter');
  });

  it('and uses more memory than it may is killed, with the peak of all its processes', async () => {
    const hungry = 'const all = []; setInterval(() => all.push(Buffer.alloc(20 << 20, 1)), 20);';
    using place = temporaryDirectory();
    const [failure] = await printed(child(hungry) + 'setInterval(() => {}, 1000);', {
      ...one,
      computation: { memory: '300Mi' },
      env: { PIDS: place.path },
    });
    expect(failure).toMatchObject({
      blame: 'parameter',
      message: expect.stringMatching(/^memory limit 300 MiB exceeded \(peak \S+ [MG]iB\)$/) as string,
    });
  });

  it('is stopped when the batch is ended, and has no outcome', async () => {
    using place = temporaryDirectory();
    const source = `
      process.on('SIGTERM', () => { require('fs').writeFileSync(process.env.PIDS + '/said', ''); process.exit(); });
      ${child('setInterval(() => {}, 1000)')} setInterval(() => {}, 1000);`;
    await using trial = await Trial.of({ ...one, source, env: { PIDS: place.path } });
    const stop = new AbortController();
    const own = trial.execute(trial.chunks(), stop.signal);
    await until(() => existsSync(join(place.path, 'pid')));
    stop.abort();
    expect(await own).toEqual([]);
    await until(() => existsSync(join(place.path, 'said')));
    const pid = Number(readFileSync(join(place.path, 'pid'), 'utf8'));
    await until(() => !isAlive(pid));
  });

  it('is killed when the worker leaves, whatever it does about SIGTERM', async () => {
    using place = temporaryDirectory();
    const deaf = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);';
    const trial = await Trial.of({ ...one, source: child(deaf) + deaf, env: { PIDS: place.path } });
    const stop = new AbortController();
    const own = trial.execute(trial.chunks(), stop.signal);
    await until(() => existsSync(join(place.path, 'pid')));
    const pid = Number(readFileSync(join(place.path, 'pid'), 'utf8'));
    stop.abort();
    await own;
    await trial[Symbol.asyncDispose]();
    await until(() => !isAlive(pid));
  });
});
