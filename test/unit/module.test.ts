import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtin } from '../../compute/builtin.js';
import { LoadError, loadComputation } from '../../compute/module.js';
import { temporaryDirectory } from './support.js';

async function load(source: string): Promise<Awaited<ReturnType<typeof loadComputation>>> {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'own.mjs');
  writeFileSync(path, source);
  return await loadComputation(path);
}

describe('a computation', () => {
  it('named builtin is the built-in one', async () => {
    expect(await loadComputation('builtin')).toBe(builtin);
  });

  it('can be a module of the user', async () => {
    const own = await load('export const decimals = 3; export const compute = (i) => i / 8;');
    expect(own.compute(4)).toBe(0.5);
  });

  it.each([
    ['exports no compute', 'export const calculate = (i) => i;', /exports no function "compute\(parameter\)": add it/],
    ['exports a compute that is no function', 'export const compute = 5;', /exports no function/],
    ['does not parse', 'export const compute = (;', /could not be loaded: /],
    ['fails while it is loaded', 'throw new Error("no licence");', /could not be loaded: Error: no licence/],
  ])('is refused where the module %s', async (_, source, message) => {
    await expect(load(source)).rejects.toThrow(LoadError);
    await expect(load(source)).rejects.toThrow(message);
  });

  it('is refused where no module is there, with the way to mount one', async () => {
    await expect(loadComputation('/nowhere/own.mjs')).rejects.toThrow(
      /\/nowhere\/own\.mjs: there is no such file.*Mount the module/,
    );
  });

  it('is refused where the name is neither builtin nor an absolute path', async () => {
    await expect(loadComputation('own.mjs')).rejects.toThrow(/neither "builtin" nor an absolute path.*COMPUTATION/);
  });
});
