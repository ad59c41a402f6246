/** Sweeps by their ids: that of SWEEP_FILE, and older ones beside it, whose chunks may still be queued over an upgrade. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Sweep } from '../core/model/sweep.js';
import { asError, ConfigError } from '../core/runtime/errors.js';
import { LoadError } from './module.js';
import { makeOwnFolder } from './own-folder.js';

/** How the name of a sweep's computation begins, in plans and chunks. */
const PREFIX = 'sweep:';

export const isSweep = (computation: string): boolean => computation.startsWith(PREFIX);

export class Sweeps implements Disposable {
  readonly #file: string;
  readonly #found = new Map<string, Promise<Sweep>>();
  #own: string | undefined;
  readonly #given: string | undefined;

  /**
   * @param file SWEEP_FILE, which may be empty
   * @param folder where sources are written, which somebody else makes and takes away; one of its own when omitted
   */
  constructor(file: string, folder?: string) {
    this.#file = file;
    this.#given = folder;
  }

  /** @throws LoadError where there is none, or where it cannot be read */
  find(id: string): Promise<Sweep> {
    let sweep = this.#found.get(id);
    if (!sweep) {
      sweep = this.#look(id);
      this.#found.set(id, sweep);
      // A volume that is mounted late, or a file that is mended, is found the next time.
      sweep.catch(() => this.#found.delete(id));
    }
    return sweep;
  }

  /**
   * The source of a sweep as a file that nobody else can read, which is gone with this object.
   * @param name of the file
   * @returns undefined where the sweep has none
   */
  sourceFile({ id, source }: Sweep, name: string): string | undefined {
    if (source === undefined) return undefined;
    const file = join(this.folder(), `${id.slice(PREFIX.length)}-${name}`);
    if (!existsSync(file)) {
      // A command may be {source} alone. Renamed, so that half a file is never found.
      writeFileSync(`${file}.new`, source, { mode: 0o700 });
      renameSync(`${file}.new`, file);
    }
    return file;
  }

  [Symbol.dispose](): void {
    if (this.#own !== undefined) rmSync(this.#own, { recursive: true, force: true });
    this.#own = undefined;
  }

  async #look(id: string): Promise<Sweep> {
    if (this.#file === '') throw new LoadError(`${id}: SWEEP_FILE is not set, which names its file`, { missing: true });
    const first = await read(this.#file);
    if (first.id === id) return first;
    const folder = dirname(this.#file);
    for (const name of await readdir(folder)) {
      if (!/^sweep-.*\.json$/.test(name) || name === basename(this.#file)) continue;
      const other = await read(join(folder, name)).catch(() => undefined);
      if (other?.id === id) return other;
    }
    throw new LoadError(`${id} is neither ${this.#file} (${first.id}) nor in another sweep-*.json beside it`, {
      missing: true,
    });
  }

  /** Where sources are written. @throws LoadError where no folder can be made */
  folder(): string {
    try {
      // Readable for this user only.
      return this.#given ?? (this.#own ??= makeOwnFolder(tmpdir()));
    } catch (cause) {
      throw new LoadError(
        `the source of a sweep needs a folder for temporary files: ${asError(cause).message}. Mount one at ${tmpdir()}, or set TMPDIR`,
        { missing: false, cause },
      );
    }
  }
}

async function read(file: string): Promise<Sweep> {
  // Whoever has no sweep does not load what reads one.
  const { readSweep } = await import('../core/sweep/read.js');
  try {
    return await readSweep(file);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new LoadError(cause.message, { missing: !existsSync(file), cause });
  }
}
