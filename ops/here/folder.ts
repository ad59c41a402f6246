/** `runs/ID/`: all that a run on this machine consists of, and what there is to go on with after any end. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lockDirectory } from '../../core/broker/embedded/coordinator/lock.js';
import { emptyRunFolder, removeIfEmpty, runFolderAt, type Meta } from '../../core/broker/embedded/run-folder.js';
import { ConfigError } from '../../core/runtime/errors.js';
import { inPlace, makeFolder } from '../../core/runtime/folders.js';
import { readJsonFile } from '../../core/runtime/json-file.js';

export class Folder {
  readonly path: string;
  readonly runId: string;
  readonly #release: () => void;
  readonly #isNew: boolean;

  /** @throws ConfigError while another process has it, or where it cannot be made */
  constructor(dir: string, runId: string) {
    this.path = resolve(dir, runId);
    this.runId = runId;
    this.#isNew = !existsSync(this.path);
    this.#release = inPlace(`--dir ${dir}`, () => {
      makeFolder(this.path);
      return lockDirectory(this.path);
    });
    process.on('exit', this.#release);
  }

  /** The sweep file that workers read. */
  get sweepFile(): string {
    return join(this.path, 'sweep.json');
  }

  get workersLog(): string {
    return join(this.path, 'workers.log');
  }

  /** What the run was started with; undefined where it is new. */
  knownSweep(): unknown {
    return readJsonFile(this.sweepFile);
  }

  /** @throws ConfigError where the run's log is with another backend than the one that is wanted */
  checkBackend(backend: string): void {
    const known = (readJsonFile(join(this.path, 'meta.json')) as Meta | undefined)?.backend;
    if (known === undefined || known === backend) return;
    throw new ConfigError(
      `run ${this.runId} was started with --backend ${known}, which holds its results: give that again, ` +
        'or start another run by --run-id',
    );
  }

  write(name: 'sweep.json', content: unknown): void;
  write(name: 'meta.json', content: Meta): void;
  /** @throws ConfigError where it cannot be written */
  write(name: string, content: unknown): void {
    const file = join(this.path, name);
    inPlace(file, () => {
      // Whoever reads it sees the old text or the new one, never half of one, after a power cut too.
      writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { flush: true });
      renameSync(`${file}.new`, file);
    });
  }

  /** After a first start that was refused: there is no such run. Where anything is in its log, all stays. */
  async discardIfUnused(): Promise<void> {
    const folder = runFolderAt(this.path);
    if (!this.#isNew || !(folder?.hasLog ?? true)) return;
    for await (const _ of folder?.records() ?? []) return;
    emptyRunFolder(this.path);
    this[Symbol.dispose]();
    removeIfEmpty(this.path);
  }

  [Symbol.dispose](): void {
    process.removeListener('exit', this.#release);
    this.#release();
  }
}
