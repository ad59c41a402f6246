/** The trial of a computation, as the seeder does it: the process that tries is a file of `dist`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeComputation } from '../../dist/compute/probe.js';
import { temporaryDirectory } from './support.js';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => void (directory = temporaryDirectory()));
afterEach(() => directory[Symbol.dispose]());

const never = new AbortController().signal;

function probe(source: string, limitMs = 10_000) {
  const path = join(directory.path, 'own.mjs');
  writeFileSync(path, source);
  return probeComputation(path, [0, 5, 9], limitMs, never);
}

describe('the trial of a computation', () => {
  it('finds nothing wrong with one that gives values', async () => {
    expect(await probe('export const compute = (i) => i;')).toEqual({ ok: true, slow: false, valueBytes: 1 });
    const object = await probe('export const compute = (i) => ({ loss: NaN, text: "é" });');
    expect(object).toEqual({ ok: true, slow: false, valueBytes: 24 });
  });

  it.each([
    [
      'does not parse, with file and line',
      'export const a = 1;\nexport const compute = (;',
      /SyntaxError: Unexpected token ';' at \/\S+own\.mjs:2\n/,
    ],
    [
      'imports what is not there',
      "import 'left-pad-of-nobody'; export const compute = (i) => i;",
      /left-pad-of-nobody/,
    ],
    [
      'fails while it is loaded, with file and line',
      "const a = 1;\n\nthrow new Error('no licence');",
      /Error: no licence at \/\S+own\.mjs:3$/,
    ],
    [
      'imports what another one does not export, with file and line',
      "const a = 1;\nimport { nope } from 'node:fs'; export const compute = nope;",
      /does not provide an export named 'nope' at \/\S+own\.mjs:2$/,
    ],
    ['exports no compute', 'export const calculate = (i) => i;', /exports no function/],
  ])('refuses one that %s', async (_, source, reason) => {
    const refused = await probe(source);
    expect(refused).toMatchObject({ ok: false, loaded: false, reason: expect.stringMatching(reason) as string });
  });

  it.each([
    ['throws', 'export const compute = (i) => { throw new Error("typo " + i); };', /typo 0/],
    [
      'gives no value',
      'export const compute = () => ({ a: [undefined] });',
      /compute\(0\)\.a\[0\] is undefined: a value is/,
    ],
    [
      'kills its process',
      "export const compute = () => process.kill(process.pid, 'SIGKILL');",
      /ended its process by SIGKILL/,
    ],
  ])('refuses one that %s at every parameter', async (_, source, reason) => {
    const refused = await probe(source);
    expect(refused).toMatchObject({ ok: false, loaded: true, reason: expect.stringMatching(reason) as string });
  });

  it('takes a single bad parameter for what it is', async () => {
    const source = "export const compute = (i) => { if (i === 0) process.kill(process.pid, 'SIGKILL'); return i; };";
    expect(await probe(source)).toEqual({ ok: true, slow: false, valueBytes: 1 });
  });

  it('does not refuse what is slow, and does not wait for it', async () => {
    expect(await probe('export const compute = () => { for (;;); };', 500)).toEqual({ ok: true, slow: true });
  });
});
