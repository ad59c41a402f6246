/** A module and its imports as one text, by the real bundler. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleModule } from '../../ops/here/module.js';
import { temporaryDirectory } from './support.js';

/** Writes the files, bundles the first of them, and takes the folder away. */
async function bundled(files: Record<string, string>): Promise<string> {
  using directory = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory.path, name, '..'), { recursive: true });
    writeFileSync(join(directory.path, name), text);
  }
  return await bundleModule(join(directory.path, Object.keys(files)[0] ?? ''));
}

async function compute(text: string, parameter: number): Promise<unknown> {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'out.mjs');
  writeFileSync(file, text);
  const module = (await import(file)) as { compute: (parameter: number) => unknown };
  return module.compute(parameter);
}

describe('a module', { timeout: 30_000 }, () => {
  it('that imports only what Node has stays as it is', async () => {
    const text = "import { sep } from 'node:path';\n// a comment\nexport const compute = (i) => sep + i;\n";
    expect(await bundled({ 'model.mjs': text })).toBe(text);
  });

  it('in TypeScript loses its types and gains its imports, from packages of either kind', async () => {
    const text = await bundled({
      'model.ts':
        "import type { X } from 'types-only';\nimport { half } from './half.ts';\nimport sep from 'old';\n" +
        'export const compute = (i: number): string => `${half(i)}${sep}`;\nexport type Y = X;\n',
      'half.ts': 'export const half = (x: number): number => x / 2;\n',
      'node_modules/old/package.json': '{"main": "index.js"}',
      'node_modules/old/index.js': "module.exports = require('path').sep;\n",
    });
    expect(text).not.toContain(': number');
    expect(await compute(text, 3)).toBe('1.5/');
  });

  it('gives the same text wherever it lies', async () => {
    const files = {
      'model.ts': "import { x } from './x.ts';\nexport const compute = () => x;\n",
      'x.ts': 'export const x = 1;',
    };
    expect(await bundled(files)).toBe(await bundled(files));
  });

  it.each<[what: string, files: Record<string, string>, message: RegExp]>([
    [
      'a mistake',
      { 'm.ts': 'export const compute = 1;\nlet x = = 2;\n' },
      /m\.ts cannot be bundled: m\.ts:2:9: Unexpected "="/,
    ],
    [
      'a package that is not there',
      { 'm.ts': "import 'nowhere';\nexport const compute = 1;" },
      /m\.ts:1:8: Could not resolve "nowhere" \(install the package in .*\)/,
    ],
    [
      'no compute',
      { 'm.ts': 'export const calculate = 1;' },
      /exports no function "compute\(parameter, context\)", only "calculate"/,
    ],
  ])('with %s is refused with its place', async (_what, files, message) => {
    await expect(bundled(files)).rejects.toThrow(message);
  });

  it('that is not there, or no text, is refused by its name', async () => {
    await expect(bundleModule('/nowhere/m.ts')).rejects.toThrow(/^\/nowhere\/m\.ts cannot be read: .*Name a file/);
    using directory = temporaryDirectory();
    const file = join(directory.path, 'binary');
    writeFileSync(file, Buffer.from([0xff, 0xfe, 0x00]));
    await expect(bundleModule(file)).rejects.toThrow(/no text in UTF-8/);
  });
});
