/** A module with all that it imports as one text: what a sweep file carries, and what a worker loads. */
import { build, type Message, type Metafile } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { asError, ConfigError } from '../../core/runtime/errors.js';

/** The oldest Node that a worker runs on. */
const TARGET = 'node20';

/** CommonJS dependencies call `require` for Node's own modules, which an ES module does not have. */
const REQUIRE =
  "import { createRequire as ttgRequire } from 'node:module'; const require = ttgRequire(import.meta.url);";

/** What Node runs as it is, if it imports nothing but Node's own modules. */
const PLAIN = ['.mjs', '.js'];

/**
 * JavaScript that imports only Node's own modules stays as it is, so that its line numbers do, and so that the chart may
 * be given the very file. Anything else becomes one ES module without types. The text depends on nothing but the files:
 * it is part of the run's identity.
 * @throws ConfigError with file and line
 */
export async function bundleModule(file: string): Promise<string> {
  const path = resolve(file);
  const source = await readText(path, file);
  const { code, metafile } = await bundled(path, file);
  requireCompute(metafile, file);
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports.filter(({ external }) => !external));
  if (PLAIN.includes(extname(path)) && imports.length === 0) return source;
  return /\b__require\b/.test(code) ? `${REQUIRE}\n${code}` : code;
}

async function bundled(path: string, file: string): Promise<{ code: string; metafile: Metafile }> {
  try {
    const { outputFiles, metafile } = await build({
      // The folder's name is in no text then, only paths below and beside it.
      absWorkingDir: dirname(path),
      entryPoints: [basename(path)],
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      target: TARGET,
      charset: 'utf8',
      legalComments: 'none',
      logLevel: 'silent',
    });
    return { code: outputFiles[0]?.text ?? '', metafile };
  } catch (thrown) {
    const errors = errorsOf(thrown);
    if (!errors) throw thrown;
    throw new ConfigError(`${file} cannot be bundled: ${errors.map((error) => place(error, path)).join('; ')}`);
  }
}

function errorsOf(thrown: unknown): readonly Message[] | undefined {
  if (!(thrown instanceof Error && 'errors' in thrown && Array.isArray(thrown.errors))) return undefined;
  return thrown.errors as Message[];
}

function place({ location, text }: Message, path: string): string {
  const remedy = /^Could not resolve "(?![./])/.test(text) ? ` (install the package in ${dirname(path)} or above)` : '';
  if (!location) return `${text}${remedy}`;
  return `${location.file}:${location.line}:${location.column + 1}: ${text}${remedy}`;
}

function requireCompute({ outputs }: Metafile, file: string): void {
  const exports = Object.values(outputs).flatMap((output) => output.exports);
  if (exports.includes('compute')) return;
  throw new ConfigError(
    `${file} exports no function "compute(parameter, context)"` +
      (exports.length > 0 ? `, only ${exports.map((name) => `"${name}"`).join(', ')}` : '') +
      ': add `export function compute …`. A program in another language is named by computation.command in the values file',
  );
}

/** @throws ConfigError where the file cannot be read, or is no text */
export async function readText(path: string, file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (thrown) {
    throw new ConfigError(`${file} cannot be read: ${asError(thrown).message}. Name a file that is there`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError(
      `${file} is no text in UTF-8: a source travels as text. Name the source, not what was built of it`,
    );
  }
}
