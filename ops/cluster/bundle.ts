/**
 * TypeScript sources → build/image: a file per entry, and beside them what they share or load later. Pods are
 * short-lived, start-up is throughput.
 */
import { build, type Plugin } from 'esbuild';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile, readFile, readdir, stat } from 'node:fs/promises';
import { dirname, resolve, join } from 'node:path';
import { ROOT } from '../programs.js';

/** Name in the image → source. */
const ENTRIES = {
  'worker': 'worker/main.ts',
  'install': 'worker/install.ts',
  'start': 'worker/start.ts',
  'thread': 'compute/thread.ts',
  'probe-process': 'compute/probe-process.ts',
  'seeder': 'seeder/main.ts',
  'ttg': 'cli/main.ts',
};

/** CommonJS dependencies call `require` for Node's own modules, which an ES module does not have. */
const BANNER =
  "import { createRequire as ttgRequire } from 'node:module'; const require = ttgRequire(import.meta.url);";

/**
 * Bundles into a new folder and puts it in place as a whole, so that an interrupted build leaves the last one.
 * @returns file name → bytes
 */
export async function bundle({
  root = ROOT,
  out = join(root, 'build/image'),
  entries = ENTRIES,
}: { root?: string; out?: string; entries?: Record<string, string> } = {}): Promise<Record<string, number>> {
  const missing = Object.values(entries).filter((source) => !existsSync(join(root, source)));
  if (missing.length) throw new Error(`bundle: no such source: ${missing.join(', ')} (looked in ${root})`);
  const staging = `${out}.${process.pid}.tmp`;
  try {
    await build({
      absWorkingDir: root,
      entryPoints: Object.fromEntries(Object.entries(entries).map(([name, source]) => [name, join(root, source)])),
      outdir: staging,
      bundle: true,
      // So that a worker on Redis does not even read RabbitMQ's client.
      splitting: true,
      chunkNames: 'part-[hash]',
      platform: 'node',
      target: 'node24',
      format: 'esm',
      minify: true,
      keepNames: true,
      legalComments: 'none',
      banner: { js: BANNER },
      // What needs the repository, or the Kubernetes client, says in the image that it is not there.
      external: [
        '../ops/here/index.js',
        '../ops/here/module.js',
        '../ops/cluster/pause.js',
        '../ops/cluster/release.js',
        '../ops/cluster/kube.js',
        './diagnose/standstill.js',
      ],
      plugins: [inlineLua()],
      logLevel: 'error',
    });
    await writeFile(join(staging, 'package.json'), '{"type":"module"}\n');
    await copyFile(join(root, 'scripts/lib/warm-up.mjs'), join(staging, 'warm-up.mjs'));
    const sizes = await check(staging);
    await rm(out, { recursive: true, force: true });
    await mkdir(dirname(out), { recursive: true });
    await rename(staging, out);
    return sizes;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const LUA =
  /readFileSync\(\s*new URL\(\s*(['"])(\.{1,2}\/[^'"]+\.lua)\1\s*,\s*import\.meta\.url\s*\)\s*,\s*(['"])utf-?8\3\s*,?\s*\)/g;

/**
 * The image holds no .lua files: `readFileSync(new URL('./x.lua', import.meta.url), 'utf8')` becomes the file's text.
 */
function inlineLua(): Plugin {
  return {
    name: 'inline-lua',
    setup: (build) => {
      build.onLoad({ filter: /[/\\]core[/\\].*\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        if (!source.includes('.lua')) return undefined;
        const texts = new Map<string, string>();
        for (const [, , name = ''] of source.matchAll(LUA))
          texts.set(name, await readFile(resolve(dirname(path), name), 'utf8'));
        return {
          contents: source.replace(LUA, (_call, _quote, name: string) => JSON.stringify(texts.get(name))),
          loader: 'ts',
          watchFiles: [...texts.keys()].map((name) => resolve(dirname(path), name)),
        };
      });
    },
  };
}

/**
 * A file that a bundle refers to beside itself must be in the image: a thread's entry is, a script left unread is not.
 */
async function check(folder: string) {
  const sizes: Record<string, number> = {};
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.js'))) {
    const text = await readFile(join(folder, file), 'utf8');
    for (const [, reference = ''] of text.matchAll(/new URL\(["'`](\.{1,2}\/[^"'`]+)["'`],\s*import\.meta\.url\)/g)) {
      if (existsSync(join(folder, reference))) continue;
      throw new Error(
        `bundle: ${file} refers to ${reference}, which is not in the image. ` +
          "Lua is inlined where it is read as readFileSync(new URL('./x.lua', import.meta.url), 'utf8'); other files need an entry",
      );
    }
    sizes[file] = (await stat(join(folder, file))).size;
  }
  return sizes;
}
