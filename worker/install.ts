#!/usr/bin/env node
/**
 * Copies Node, the libraries it needs and the worker into a folder, for a pod whose own image has none of them: `node
 * install.js /ttg`. There `lib/ld.so --library-path lib node start.js` runs whatever the image is made of.
 */
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../core/runtime/errors.js';
import { runMain } from '../core/runtime/lifecycle.js';

/** `ld-linux-x86-64.so.2`, `ld-linux-aarch64.so.1`, `ld64.so.2`. */
const LOADER = /^ld(-linux[^/]*|64)\.so\.\d+$/;

runMain('install', async ({ log }) => {
  const folder = process.argv[2];
  if (!folder) throw new ConfigError('install: no folder was named: give one, as in `node install.js /ttg`');
  const began = performance.now();
  const libraries = loadedLibraries();
  if (!libraries.some((path) => LOADER.test(basename(path))))
    throw new ConfigError(
      `install: Node runs here without the loader of glibc (it has ${libraries.map((path) => basename(path)).join(', ')}): ` +
        'build the image of `image.repository` on a base with glibc, such as node:24-bookworm-slim',
    );
  await mkdir(join(folder, 'lib'), { recursive: true });
  const copies = [[process.execPath, join(folder, 'node')], ...libraries.map((path) => [path, placeOf(folder, path)])];
  const own = dirname(fileURLToPath(import.meta.url));
  for (const name of await readdir(own))
    if (/\.(js|json)$/.test(name)) copies.push([join(own, name), join(folder, name)]);
  const sizes = await Promise.all(copies.map(([from = '', to = '']) => copy(from, to)));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  log.info(
    { folder, files: sizes.length, mebibytes: Math.round(bytes / 2 ** 20), ms: Math.round(performance.now() - began) },
    'installed',
  );
});

/** What Node was linked with, and what that was linked with: the files, under the names by which they are asked for. */
function loadedLibraries(): string[] {
  // Looking at the network would take seconds where names resolve slowly.
  Object.assign(process.report, { excludeNetwork: true });
  const { sharedObjects } = process.report.getReport() as { sharedObjects: string[] };
  return sharedObjects.filter((path) => path.startsWith('/'));
}

/** The loader's own name differs from one kind of machine to the next; a pod's command cannot. */
function placeOf(folder: string, library: string): string {
  const name = basename(library);
  return join(folder, 'lib', LOADER.test(name) ? 'ld.so' : name);
}

async function copy(from: string, to: string): Promise<number> {
  await copyFile(from, to);
  return (await stat(to)).size;
}
