import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LoadError, loadModule } from '../../compute/module.js';
import { temporaryDirectory } from './support.js';

async function load(source: string): Promise<Awaited<ReturnType<typeof loadModule>>> {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'own.mjs');
  writeFileSync(path, source);
  return await loadModule(path);
}

describe('a computation', () => {
  it('can be a module of the user', async () => {
    const own = await load('export const decimals = 3; export const compute = (i) => i / 8;');
    expect(own.compute(4, undefined)).toBe(0.5);
  });

  it.each([
    [
      'exports no compute',
      'export const calculate = (i) => i;',
      /exports no function "compute\(parameter, context\)": add it/,
    ],
    ['exports a compute that is no function', 'export const compute = 5;', /exports no function/],
    [
      'exports a setup that is no function',
      'export const setup = 5; export const compute = (i) => i;',
      /exports a "setup" that is no function/,
    ],
    ['does not parse', 'export const compute = (;', /could not be loaded: /],
    ['fails while it is loaded', 'throw new Error("no licence");', /could not be loaded: Error: no licence/],
  ])('is refused where the module %s', async (_, source, message) => {
    await expect(load(source)).rejects.toThrow(LoadError);
    await expect(load(source)).rejects.toThrow(message);
  });

  it('is refused where no module is there, with the way to mount one', async () => {
    await expect(loadModule('/nowhere/own.mjs')).rejects.toThrow(
      /\/nowhere\/own\.mjs: there is no such file.*Mount the module/,
    );
  });

  it('is refused where the name is neither builtin nor an absolute path', async () => {
    await expect(loadModule('own.mjs')).rejects.toThrow(/neither "builtin" nor an absolute path.*COMPUTATION/);
  });
});
