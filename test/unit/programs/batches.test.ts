/** Several parameters in a line: whatever goes wrong with one of them costs the others nothing. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../compute/executor.js';
import type { Value } from '../../../core/model/value.js';
import { Trial, type Given } from './support.js';

const TOTAL = 1000;
const CHUNK = 100;
/** The one in trouble, and the first of its chunk. */
const BAD = 750;
const CHUNK_OF_BAD = 700;

/** A program of Node's whose `body` answers the line `p` by `answer(values)`; `all(f)` are the values of f(index). */
const program = (body: string): string => `
  const write = (text) => require('fs').writeSync(1, text);
  let p;
  const answer = (values) => write(JSON.stringify({ index: p.index, values }) + '\\n');
  const all = (f) => p.parameters.map((_, i) => f(p.index + i));
  const has = (index) => index >= p.index && index < p.index + p.parameters.length;
  require('readline').createInterface({ input: process.stdin }).on('line', (line) => { p = JSON.parse(line); ${body} });`;

const given = (body: string, over: Given = {}): Given => ({
  parameters: { range: TOTAL },
  ...over,
  computation: { protocol: 'lines', batch: 20, ...over.computation },
  source: program(body),
});

async function answered(body: string, over: Given = {}, size = CHUNK): Promise<(Value | Failure)[]> {
  await using trial = await Trial.of(given(body, over));
  return await trial.values(size);
}

const squares = Array.from({ length: TOTAL }, (_, i) => i * i);
const SQUARES = 'all((i) => i * i)';

/** All squares, but for the chunk that fails by one parameter. */
const onlyFailed = (message: RegExp, parameter = BAD): unknown[] => [
  ...squares.slice(0, CHUNK_OF_BAD),
  { blame: 'parameter', parameter, message: expect.stringMatching(message) as string },
  ...squares.slice(CHUNK_OF_BAD + CHUNK),
];

describe('a program that takes several parameters in a line', { timeout: 60_000 }, () => {
  it('gets their columns in order, never more than it may, and one alone to begin with', async () => {
    const parameters = { grid: { a: { from: 0, to: 99 }, b: ['x', 'ü\n'] } };
    const values = await answered('answer(p.parameters.map(({ a, b }) => [a, b, p.parameters.length]))', {
      parameters,
    });
    const rows = values as [number, string, number][];
    expect(rows.map(([a, b]) => [a, b])).toEqual(rows.map((_, i) => [Math.floor(i / 2), i % 2 === 0 ? 'x' : 'ü\n']));
    expect(rows[0]?.[2]).toBe(1);
    expect(Math.max(...rows.map(([, , together]) => together))).toBeGreaterThan(1);
    expect(Math.max(...rows.map(([, , together]) => together))).toBeLessThanOrEqual(20);
  });

  it('has a line for each, with a list in it, where it may have one', async () => {
    const values = await answered('answer([p.parameters])', { computation: { batch: 1 }, parameters: { range: 30 } });
    expect(values).toEqual(Array.from({ length: 30 }, (_, i) => [i]));
  });

  it('gets one at a time where each takes its time', async () => {
    const body =
      'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60); answer(all(() => p.parameters.length))';
    expect(await answered(body, { parameters: { range: 20 } })).toEqual(Array.from({ length: 20 }, () => 1));
  });

  it('may be several processes, and answer out of order', async () => {
    const body =
      'setTimeout((p) => write(JSON.stringify({ index: p.index, values: p.parameters.map((i) => i * i) }) + "\\n"), (p.index * 7) % 5, p)';
    expect(await answered(body, { computation: { concurrency: 3 } })).toEqual(squares);
  });

  it.each([
    ['lines of its own', `write('step\\n'); answer(${SQUARES}); write('\\n{"loss": 1}\\n{"values": [1]}\\n')`],
    ['what has no newline at its end', `write('debug {"index": ' + p.index + '} '); answer(${SQUARES})`],
    ['what it read', `write(JSON.stringify(p) + '\\n' + JSON.stringify(p)); answer(${SQUARES})`],
    [
      'an answer in two writes',
      `const text = JSON.stringify({ index: p.index, values: ${SQUARES} }) + '\\n'; write(text.slice(0, 15)); write(text.slice(15))`,
    ],
    ['each answer twice', `answer(${SQUARES}); answer(${SQUARES})`],
    [
      'answers that nobody asked for',
      `write('{"index": ' + (p.index + 1e6) + ', "values": [1]}\\n'); answer(${SQUARES})`,
    ],
  ])('may print %s', async (_, body) => {
    expect(await answered(body)).toEqual(squares);
  });

  it('may give NaN and infinity, and lists as deep as they may be', async () => {
    const deep = `${'['.repeat(99)}NaN${']'.repeat(99)}`;
    const values = await answered(
      `write('{"index": ' + p.index + ', "values": [' + all((i) => ['NaN', '-Infinity', '${deep}'][i % 3]) + ']}\\n')`,
      { parameters: { range: 60 } },
    );
    expect(values.filter(Number.isNaN)).toHaveLength(20);
    expect(values.filter((value) => value === -Infinity)).toHaveLength(20);
    expect(values.filter(Array.isArray)).toHaveLength(20);
  });

  it('may give values of 100 KB', async () => {
    const values = await answered('answer(all((i) => String(i % 10).repeat(100000)))', { parameters: { range: 100 } });
    expect(values).toEqual(Array.from({ length: 100 }, (_, i) => String(i % 10).repeat(100_000)));
  });

  it.each([
    ['an error', 'write(JSON.stringify({ index: p.index, error: "singular matrix" }) + "\\n")', /^singular matrix$/],
    ['its end', 'console.error("no licence"); process.exit(1)', /ended with status 1: no licence$/],
    [
      'half an answer at its end',
      'write(\'{"index": \' + p.index + \', "values": [1, 2\'); process.exit(0)',
      /status 0/,
    ],
    ['a signal', 'process.kill(process.pid, "SIGKILL")', /died of SIGKILL/],
    ['its time limit', 'for (;;);', /^took longer than/],
    [
      'what is no UTF-8',
      `require('fs').writeSync(1, Buffer.from(JSON.stringify({ index: p.index, values: ${SQUARES}.map((v, i) => p.index + i === ${BAD} ? '\\xff' : v) }) + '\\n', 'latin1'))`,
      /no UTF-8/,
    ],
    [
      'an integer that no double is',
      `write('{"index": ' + p.index + ', "values": [' + all((i) => i === ${BAD} ? '9007199254740993' : i * i) + ']}\\n')`,
      /is no double/,
    ],
    [
      'more than a value may have',
      `answer(all((i) => i === ${BAD} ? 'x'.repeat(1100000) : i * i))`,
      /more than 1 MiB|limit of a value/,
    ],
    ['a line that has no end', 'for (;;) write("x".repeat(100000))', /a line of more than 2 MiB/],
    ['no value', 'answer([])', /answered 0 values to a line of 1 parameter: give one for each/],
    ['two values', 'answer([1, 2, 3].slice(0, p.parameters.length + 1))', /answered [23] values to a line of/],
  ])('fails one parameter by %s, and no other', async (_, body, message) => {
    const limit = { computation: { timeoutSeconds: 0.5 } };
    const values = await answered(`if (has(${BAD})) { ${body} } else answer(${SQUARES})`, limit);
    expect(values).toMatchObject(onlyFailed(message));
  });

  it('is told that it gives the wrong number, where it never gave the right one', async () => {
    const message = expect.stringMatching(/answered 1 value to a line of \d+ parameters: .* null where/) as string;
    const failures = (await answered('answer([1])')).filter((value) => value !== 1);
    expect(failures[0]).toMatchObject({ blame: 'computation', message });
  });

  it.each([
    [
      'a value in place of a list',
      '{"index": 0, "value": [1]}',
      /answered a "value" where a list of "values" was asked for/,
    ],
    [
      'values that are no list',
      '{"index": 0, "values": 1}',
      /answered "values" that are no list: .*\{"index": 0, "values": \[…\]\}/,
    ],
  ])('is told of %s', async (_, text, message) => {
    const values = await answered(`write(${JSON.stringify(`${text}\n`)})`, { parameters: { range: 1 } });
    expect(values).toMatchObject([{ message: expect.stringMatching(message) as string }]);
  });
});

const python = spawnSync('python3', ['--version']).status === 0;

describe.skipIf(!python)('the program of batches in the documentation', { timeout: 60_000 }, () => {
  const [, documented] =
    /```python\n([^`]*"values"[^`]*)```/.exec(
      readFileSync(new URL('../../../docs/programs.md', import.meta.url), 'utf8'),
    ) ?? [];

  it('works as it stands', async () => {
    const parameters = { grid: { a: { from: 1, to: 200, steps: 200 }, b: [0.5, 1, 2, 4, 8] } };
    const computation = { command: ['python3', '{source}'], protocol: 'lines', batch: 100, concurrency: 2 };
    const source = `def f(a, b): return a * b\n${documented}`;
    await using trial = await Trial.of({ parameters, computation, source, env: { PATH: process.env['PATH'] ?? '' } });
    expect(await trial.values(100)).toEqual(
      Array.from({ length: 1000 }, (_, i) => (Math.floor(i / 5) + 1) * 2 ** ((i % 5) - 1)),
    );
  });
});
