/**
 * Objects as files of a folder, as a rule on a volume that all workers share. A file is whole from the moment it has its
 * name: it is written and synced under another one first.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asError, ConfigError, Unrecordable } from '../runtime/errors.js';
import { codeOf, syncFolder } from '../runtime/folders.js';
import { NoSuchObject, type ValueStore } from './port.js';
import { Passing, retried, type Patience } from './retry.js';

const FOR_GOOD = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENOENT'];

export class DirectoryStore implements ValueStore {
  readonly place: string;
  readonly #patience: Patience;
  /** Folders whose entries, up to the root, are on the disk. */
  readonly #folders = new Map<string, Promise<void>>();

  constructor(root: string, patience: Patience = {}) {
    this.place = root;
    this.#patience = patience;
  }

  async put(name: string, bytes: Buffer): Promise<void> {
    const path = join(this.place, name);
    const partial = `${path}.${randomBytes(6).toString('hex')}.partial`;
    await this.#tried(`write ${name}`, async () => {
      await this.#folder(dirname(path));
      // Whoever wrote it may have died before its name was on the disk, which the sync below mends.
      const there = await stat(path).catch(() => undefined);
      if (there?.size !== bytes.length) {
        try {
          await using file = await open(partial, 'wx', 0o644);
          await file.writeFile(bytes);
          await file.sync();
        } catch (thrown) {
          await rm(partial, { force: true });
          throw thrown;
        }
        await rename(partial, path);
      }
      await syncFolder(dirname(path));
    });
  }

  async get(name: string): Promise<Buffer> {
    return this.#tried(`read ${name}`, async () => {
      try {
        return await readFile(join(this.place, name));
      } catch (thrown) {
        if (codeOf(thrown) !== 'ENOENT') throw thrown;
        // Where the folder itself is missing, its volume is not mounted.
        await stat(this.place);
        throw new NoSuchObject(`there is no file ${name} in ${this.place}`);
      }
    });
  }

  async delete(name: string): Promise<void> {
    await this.#tried(`delete ${name}`, () => rm(join(this.place, name), { force: true }));
  }

  async tidy(folder: string): Promise<void> {
    const root = join(this.place, folder);
    const below = await readdir(root, { withFileTypes: true }).catch(() => []);
    for (const entry of below) if (entry.isDirectory()) await rmdir(join(root, entry.name)).catch(() => undefined);
    await rmdir(root).catch(() => undefined);
  }

  /** The root itself is never made: where it is missing a volume was not mounted, and values would be lost. */
  #folder(path: string): Promise<void> {
    let made = this.#folders.get(path);
    if (!made) {
      made = this.#make(path);
      this.#folders.set(path, made);
      made.catch(() => this.#folders.delete(path));
    }
    return made;
  }

  async #make(path: string): Promise<void> {
    if (path === this.place) return void (await stat(path));
    await this.#folder(dirname(path));
    await mkdir(path).catch((thrown: unknown) => {
      if (codeOf(thrown) !== 'EEXIST') throw thrown;
    });
    await syncFolder(dirname(path));
  }

  #tried<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    return retried(`RESULTS_DIRECTORY=${this.place}: cannot ${what}`, this.#patience, async () => {
      try {
        return await attempt();
      } catch (thrown) {
        throw this.#sorted(thrown, what);
      }
    });
  }

  #sorted(thrown: unknown, what: string): Error {
    const { message } = asError(thrown);
    const code = codeOf(thrown);
    if (code === undefined) return asError(thrown);
    if (code === 'EFBIG') return new Unrecordable(`${this.place} takes no file of this size: ${message}`);
    if (FOR_GOOD.includes(code)) {
      // Somebody may have removed a folder: it is made once more.
      this.#folders.clear();
      return new ConfigError(
        `RESULTS_DIRECTORY=${this.place}: cannot ${what}: ${message}. Name a folder that is there and that seeder, ` +
          'workers and readers may write or read (chart: results.directory.path, on a volume of worker.extraVolumes)',
      );
    }
    return new Passing(message);
  }
}
