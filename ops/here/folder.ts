/** `runs/ID/`: all that a run on this machine consists of, and what there is to go on with after any end. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lockDirectory } from '../../core/broker/embedded/coordinator/lock.js';
import { ConfigError } from '../../core/runtime/errors.js';
import { readJsonFile } from '../../core/runtime/json-file.js';

/** How the run was last started. */
export interface Meta {
  readonly runId: string;
  readonly backend: string;
  /** The command line. */
  readonly command: string;
  readonly startedAt: string;
  readonly version: string;
  /** Where its broker listens while it is at work. */
  readonly socket?: string | undefined;
}

export class Folder {
  readonly path: string;
  readonly runId: string;
  readonly #release: () => void;

  /** @throws ConfigError while another process has it */
  constructor(dir: string, runId: string) {
    this.path = resolve(dir, runId);
    this.runId = runId;
    mkdirSync(this.path, { recursive: true });
    this.#release = lockDirectory(this.path);
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

  write(name: 'sweep.json' | 'meta.json', content: unknown): void {
    const file = join(this.path, name);
    // Whoever reads it sees the old text or the new one, never half of one, after a power cut too.
    writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { flush: true });
    renameSync(`${file}.new`, file);
  }

  [Symbol.dispose](): void {
    process.removeListener('exit', this.#release);
    this.#release();
  }
}
