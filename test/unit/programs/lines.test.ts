/** A line in, a line out: nothing that a program prints besides shifts an answer or loses one. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../compute/executor.js';
import type { Value } from '../../../core/model/value.js';
import { temporaryDirectory } from '../support.js';
import { isAlive, Trial, until, type Given } from './support.js';

/** A program of Node's that calls `body` for each line with `p`, the parsed line, and `answer(value)`. */
const program = (body: string, before = ''): string => `
  const write = (text) => require('fs').writeSync(1, text);
  const answer = (value) => write(JSON.stringify({ index: p.index, value }) + '\\n');
  const exit = (status) => process.exit(status);
  let p; ${before}
  require('readline').createInterface({ input: process.stdin }).on('line', (line) => { p = JSON.parse(line); ${body} });`;

const given = (body: string, over: Given = {}, before = ''): Given => ({
  parameters: { range: 60 },
  ...over,
  computation: { protocol: 'lines', ...over.computation },
  source: program(body, before),
});

async function answered(body: string, over: Given = {}, size = 10, before = ''): Promise<(Value | Failure)[]> {
  await using trial = await Trial.of(given(body, over, before));
  return await trial.values(size);
}

const squares = Array.from({ length: 60 }, (_, i) => i * i);
const square = 'p.parameter * p.parameter';

describe('a program that answers line by line', { timeout: 60_000 }, () => {
  it('gets index and columns, and gives any value', async () => {
    const parameters = { grid: { a: [1, 2], b: ['x', 'ü\n'] } };
    const values = await answered('answer([p.index, p.parameter])', { parameters });
    expect(values).toEqual([
      [0, { a: 1, b: 'x' }],
      [1, { a: 1, b: 'ü\n' }],
      [2, { a: 2, b: 'x' }],
      [3, { a: 2, b: 'ü\n' }],
    ]);
  });

  it('is one process for all chunks and batches, and is told run and total', async () => {
    await using trial = await Trial.of(given('answer([process.pid, process.env.TTG_RUN_ID, process.env.TTG_TOTAL])'));
    const first = await trial.values(10);
    expect(new Set((await trial.values(7)).concat(first).map((value) => JSON.stringify(value))).size).toBe(1);
    expect(first[0]).toMatchObject([expect.any(Number), 'run-1', '60']);
  });

  it('is as many processes as its concurrency says', async () => {
    const body = 'setTimeout((p) => write(JSON.stringify({ index: p.index, value: process.pid }) + "\\n"), 20, p)';
    expect(new Set(await answered(body, { computation: { concurrency: 3 } })).size).toBe(3);
  });

  it.each([
    ['lines of its own', `write('step ' + p.index + '\\n'); answer(${square}); write('\\n{"loss": 1}\\n')`],
    ['what has no newline at its end', `write('debug {"index": ' + p.index + '} '); answer(${square})`],
    ['what it read', `write(JSON.stringify(p) + '\\n' + JSON.stringify(p)); answer(${square})`],
    ['megabytes of it', `if (p.index === 30) write(('x'.repeat(999) + '\\n').repeat(3000)); answer(${square})`],
    ['bytes that are no UTF-8', `require('fs').writeSync(1, Buffer.from([0xff, 10, 0xfe])); answer(${square})`],
    ['CRLF', `write('{"index": ' + p.index + ', "value": ' + ${square} + '}\\r\\n')`],
    [
      'keys in another order, and spaces',
      `write('{ "value" : ' + ${square} + ' , "took": 3, "index" :' + p.index + '}\\n')`,
    ],
    [
      'an answer in two writes',
      `const text = JSON.stringify({ index: p.index, value: ${square} }) + '\\n'; write(text.slice(0, 8)); write(text.slice(8))`,
    ],
    ['each answer twice', `answer(${square}); answer(${square})`],
    ['a second answer that differs', `answer(${square}); answer(-1)`],
    [
      'answers of parameters that nobody asked for',
      `write('{"index": ' + (p.index + 1000) + ', "value": 1}\\n'); answer(${square})`,
    ],
    ['much on standard error', `process.stderr.write('x'.repeat(5000)); answer(${square})`],
  ])('may print %s', async (_, body) => {
    expect(await answered(body)).toEqual(squares);
  });

  it('may answer out of order', async () => {
    const body =
      'setTimeout((p) => { globalThis.p = p; write(JSON.stringify({ index: p.index, value: p.index * p.index }) + "\\n") }, (p.index * 7) % 5, p)';
    expect(await answered(body)).toEqual(squares);
  });

  it.each<[string, string, Value]>([
    ['NaN', '{"index": 0, "value": NaN}', NaN],
    ['infinity among others', '{"index":0,"value":{"a":-Infinity,"b":1e308}}', { a: -Infinity, b: 1e308 }],
    ['a small number', '{"index": 0, "value": 1.5e-7}', 1.5e-7],
    ['null', '{"index": 0, "value": null}', null],
    [
      'a text with an answer in it',
      '{"index": 0, "value": "{\\"index\\": 0, \\"value\\": 5}"}',
      '{"index": 0, "value": 5}',
    ],
    ['an object with an answer in it', '{"index": 0, "value": {"index": 0, "value": 5}}', { index: 0, value: 5 }],
    ['2^60', '{"index": 0, "value": 1152921504606846976}', 2 ** 60],
  ])('gives %s', async (_, text, value) => {
    expect(await answered(`write(${JSON.stringify(`${text}\n`)})`, { parameters: { range: 1 } })).toEqual([value]);
  });

  it.each([
    ['an error', 'write(JSON.stringify({ index: 33, error: "singular matrix" }) + "\\n")', /^singular matrix$/],
    [
      'what is no UTF-8',
      'require("fs").writeSync(1, Buffer.concat([Buffer.from(\'{"index": 33, "value": "\'), Buffer.from([0xff]), Buffer.from(\'"}\\n\')]))',
      /no UTF-8/,
    ],
    ['an integer that no double is', 'write(\'{"index": 33, "value": 9007199254740993}\\n\')', /is no double/],
    ['more than a value may have', 'answer("x".repeat(1100000))', /more than 1 MiB/],
    ['a line that has no end', 'for (;;) write("x".repeat(100000))', /a line of more than 2 MiB/],
  ])('fails one parameter by %s, and no other chunk', async (_, body, message) => {
    const values = await answered(`if (p.index === 33) { ${body} } else answer(${square})`);
    expect(values).toMatchObject([
      ...squares.slice(0, 30),
      { blame: 'parameter', parameter: 33, message: expect.stringMatching(message) as string },
      ...squares.slice(40),
    ]);
  });
});

describe('a program of lines that dies', { timeout: 60_000 }, () => {
  it.each([
    ['before it answers', 'exit(3)', /ended with status 3/],
    ['within its answer', 'write(\'{"index": 33, "value": 10\'); exit(0)', /ended with status 0/],
    ['by a signal', 'process.kill(process.pid, "SIGKILL")', /died of SIGKILL/],
    ['saying why', 'console.error("no licence"); exit(1)', /ended with status 1: no licence$/],
  ])('%s blames the parameter that was awaited, and the others go to a new process', async (_, body, message) => {
    const values = await answered(`if (p.index === 33) { ${body} } else answer(${square})`);
    expect(values).toMatchObject([
      ...squares.slice(0, 30),
      { blame: 'parameter', parameter: 33, message: expect.stringMatching(message) as string },
      ...squares.slice(40),
    ]);
  });

  it('after each answer is started again for each', async () => {
    expect(await answered(`answer(${square}); exit(0)`, { parameters: { range: 5 } }, 5)).toMatchObject([
      { blame: 'parameter', parameter: 1 },
    ]);
    expect(await answered(`answer(${square}); exit(0)`, { parameters: { range: 5 } }, 1)).toHaveLength(5);
  });

  it('again and again before its first answer is broken, not its parameters', async () => {
    const values = await answered('', { parameters: { range: 50 } }, 10, 'throw new Error("no module named numpy");');
    expect(values.slice(0, 2)).toMatchObject([{ blame: 'parameter' }, { blame: 'parameter' }]);
    for (const failure of values.slice(2))
      expect(failure).toMatchObject({
        blame: 'computation',
        retryable: false,
        message: expect.stringMatching(/ended 3 times before its first answer.*ended with status 1/) as string,
      });
    expect(values).toHaveLength(5);
  });

  it.each([
    ['answers nothing', '', /^took longer than 0\.5 s, its time limit\. Where it did answer, it has to flush/],
    [
      'ends no line',
      'write(\'{"index": 33, "value": 1}\')',
      /printed 25 bytes without a newline at the end: \{"index"/,
    ],
    ['never returns', 'for (;;);', /^took longer than 0\.5 s/],
  ])('of its time limit since it %s blames the parameter that was awaited', async (_, body, message) => {
    const limit = { computation: { timeoutSeconds: 0.5 } };
    const values = await answered(
      `if (p.index === 33) { ${body} } else if (p.index < 33 || !globalThis.stuck) answer(${square}); globalThis.stuck ||= p.index === 33;`,
      limit,
    );
    expect(values).toMatchObject([
      ...squares.slice(0, 30),
      { blame: 'parameter', parameter: 33, message: expect.stringMatching(message) as string },
      ...squares.slice(40),
    ]);
  });

  it('of its time limit has no minute for each start, once it is known how long one takes', async () => {
    const body = `if (p.index === 3) for (;;); answer(${square});`;
    await using trial = await Trial.of(given(body, { parameters: { range: 4 }, computation: { timeoutSeconds: 0.5 } }));
    const again = trial.chunks(1).slice(3);
    expect(await trial.values(1)).toMatchObject([
      0,
      1,
      4,
      { message: expect.stringMatching(/^took longer/) as string },
    ]);
    // It is the first one of a new process now.
    expect(await trial.execute(again)).toMatchObject([
      { failure: { message: expect.stringMatching(/^took longer than \d{1,2}(\.\d+)? s, from its start/) as string } },
    ]);
  });

  it('of its memory limit is told so', async () => {
    const grow = 'const all = []; setInterval(() => all.push(Buffer.alloc(20 << 20, 1)), 20);';
    const values = await answered(`if (p.index === 33) { ${grow} } else answer(${square})`, {
      computation: { memory: '300Mi' },
    });
    expect(values[30]).toMatchObject({
      parameter: 33,
      message: expect.stringMatching(/^memory limit 300 MiB/) as string,
    });
  });
});

describe('a program of lines that prints a value without an index', { timeout: 60_000 }, () => {
  const one = { parameters: { range: 1 } };

  it.each([
    ['a number', '0.5'],
    ['an object', '{"loss": 0.5}'],
    ['NaN', 'NaN'],
    ["an object of Python's", "{'loss': 0.5}"],
  ])('and waits for the next line is told what an answer is, long before its limit: %s', async (_, text) => {
    const [failure] = await answered(`write(${JSON.stringify(`${text}\n`)})`, one);
    const form = 'which is no answer: that is {"index": …, "value": …}, with the index of the line that it read';
    expect(failure).toMatchObject({ message: expect.stringMatching(/ended with status 0\. It printed/) as string });
    expect((failure as Failure).message).toContain(`It printed ${text}, ${form}`);
  });

  it('again and again is broken, and none of its parameters is dead', async () => {
    const values = await answered('write("0.5\\n")', { parameters: { range: 3 } }, 1);
    expect(values.at(-1)).toMatchObject({
      blame: 'computation',
      message: expect.stringMatching(/^the program ended 3 times .* It printed 0\.5, which is no answer/) as string,
    });
  });

  it('for debugging, and computes on in silence, is computed and goes on', async () => {
    const slow = 'write(\'{"loss": 1}\\n\'); setTimeout((p) => { globalThis.p = p; answer(process.pid) }, 2500, p)';
    const pids = await answered(slow, { parameters: { range: 3 } }, 3);
    // Its first process, which was asked whether it still computes, is the only one that ends for that.
    expect(new Set(pids).size).toBe(2);
    expect(pids[1]).toBe(pids[2]);
  });

  it('after it gave answers is told at its limit', async () => {
    const limit = { computation: { timeoutSeconds: 0.5 } };
    const values = await answered(`if (p.index === 33) write('[1]\\n'); else answer(${square})`, limit);
    const message = expect.stringMatching(
      /^took longer than 0\.5 s, its time limit\. It printed \[1\], which/,
    ) as string;
    expect(values[30]).toMatchObject({ parameter: 33, message });
  });
});

describe('a batch of lines that is ended', { timeout: 60_000 }, () => {
  it('stops the process, and the next batch has a new one', async () => {
    using place = temporaryDirectory();
    const body =
      'if (!require("fs").existsSync(process.env.HERE + "/go")) { require("fs").writeFileSync(process.env.HERE + "/pid", String(process.pid)); for (;;); } answer(1)';
    await using trial = await Trial.of(given(body, { parameters: { range: 3 }, env: { HERE: place.path } }));
    const stop = new AbortController();
    const own = trial.execute(trial.chunks(), stop.signal);
    await until(() => existsSync(join(place.path, 'pid')) && readFileSync(join(place.path, 'pid'), 'utf8') !== '');
    stop.abort();
    expect(await own).toEqual([]);
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(place.path, 'go'), '');
    expect(await trial.values()).toEqual([1, 1, 1]);
    const pid = Number(readFileSync(join(place.path, 'pid'), 'utf8'));
    await until(() => !isAlive(pid));
  });

  it('lets a program say good-bye when the worker leaves', async () => {
    using place = temporaryDirectory();
    const bye = 'process.stdin.on("end", () => require("fs").writeFileSync(process.env.HERE + "/bye", ""));';
    const trial = await Trial.of(given('answer(1)', { parameters: { range: 3 }, env: { HERE: place.path } }, bye));
    expect(await trial.values()).toEqual([1, 1, 1]);
    await trial[Symbol.asyncDispose]();
    expect(existsSync(join(place.path, 'bye'))).toBe(true);
  });
});

const python = spawnSync('python3', ['--version']).status === 0;
if (!python) console.warn('python3 is not here: what only Python does is not tested');

describe.skipIf(!python)('the program of three lines in the documentation', { timeout: 60_000 }, () => {
  const documented = /```python\n([^`]*)```/.exec(
    readFileSync(new URL('../../../docs/programs.md', import.meta.url), 'utf8'),
  );
  const parameters = { grid: { a: { from: 1, to: 200, steps: 200 }, b: [0.5, 1, 2, 4, 8] } };
  const expected = Array.from({ length: 1000 }, (_, i) => (Math.floor(i / 5) + 1) * 2 ** ((i % 5) - 1));
  const run = async (source: string): Promise<(Value | Failure)[]> => {
    const computation = { command: ['python3', '{source}'], protocol: 'lines', concurrency: 2 };
    await using trial = await Trial.of({ parameters, computation, source, env: { PATH: process.env['PATH'] ?? '' } });
    return await trial.values(100);
  };

  it('works as it stands', async () => {
    expect(await run(`def f(a, b): return a * b\n${documented?.[1]}`)).toEqual(expected);
  });

  it('works where it forgets to flush, and prints for debugging without a newline', async () => {
    const source = documented?.[1]
      ?.replace(', flush=True', '')
      .replace('    print', '    print("step", end=" ")\n    print');
    expect(await run(`def f(a, b): return a * b\n${source}`)).toEqual(expected);
  });

  it('may give NaN', async () => {
    const source = documented?.[1]?.replace('f(**p["parameter"])', 'float("nan")');
    expect((await run(source ?? '')).every(Number.isNaN)).toBe(true);
  });
});
