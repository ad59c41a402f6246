/** Sweeps that programs compute, executed with real processes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import type { Failure, Outcome } from '../../../compute/executor.js';
import { ProgramExecutor } from '../../../compute/program/executor.js';
import { Sweeps } from '../../../compute/sweeps.js';
import type { Chunk } from '../../../core/model/chunk.js';
import type { Value } from '../../../core/model/value.js';
import { readSweep } from '../../../core/sweep/read.js';
import { unpack } from '../../../core/wire/values-codec.js';
import { configOf, temporaryDirectory } from '../support.js';

/** Node and the shell are there wherever these tests are. */
export const PATH = [dirname(process.execPath), '/usr/bin', '/bin'].join(':');

export interface Given {
  readonly parameters?: object;
  /** `source` is a script of Node's unless the command says otherwise. */
  readonly computation?: Record<string, unknown>;
  readonly source?: string;
  readonly env?: Record<string, string>;
}

/** A program ready to compute; its processes and files are gone with it. */
export class Trial implements AsyncDisposable {
  readonly directory: ReturnType<typeof temporaryDirectory>;
  readonly #logged: string[] = [];
  readonly id: string;
  readonly total: number;
  readonly executor: ProgramExecutor;
  readonly #sweeps: Sweeps;

  private constructor(id: string, total: number, file: string, directory: Trial['directory'], env = {}) {
    this.id = id;
    this.total = total;
    this.directory = directory;
    const config = configOf({ PATH, SWEEP_FILE: file, ...env });
    const log = pino({ level: 'debug' }, { write: (line: string) => void this.#logged.push(line) });
    this.#sweeps = new Sweeps(file);
    this.executor = new ProgramExecutor(config, log, this.#sweeps, () => undefined);
  }

  static async of({ parameters = { range: 3 }, computation = {}, source, env }: Given): Promise<Trial> {
    const directory = temporaryDirectory();
    const file = join(directory.path, 'sweep-test.json');
    const command = computation['command'] ?? [process.execPath, '{source}'];
    writeFileSync(file, JSON.stringify({ parameters, computation: { ...computation, command }, source }));
    const { id, parameters: all } = await readSweep(file);
    return new Trial(id, all.total, file, directory, env);
  }

  get logged(): string {
    return this.#logged.join('');
  }

  /** Chunks of so many parameters. */
  chunks(size = this.total): Chunk[] {
    return Array.from({ length: Math.ceil(this.total / size) }, (_, i) => ({
      runId: 'run-1',
      chunkId: `${i}`,
      start: i * size,
      end: Math.min(this.total, (i + 1) * size) - 1,
      computation: this.id,
      keepValues: true,
      piece: false,
      createdAt: '',
    }));
  }

  async execute(chunks = this.chunks(), signal = new AbortController().signal): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    await this.executor.execute(chunks, { signal, settled: (some) => void outcomes.push(...some) });
    return outcomes.sort((a, b) => a.index - b.index);
  }

  /** Values in the order of the parameters; of a chunk that failed the failure. */
  async values(size?: number): Promise<(Value | Failure)[]> {
    return (await this.execute(this.chunks(size))).flatMap((outcome) => valuesOf(outcome));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.executor[Symbol.asyncDispose]();
    this.#sweeps[Symbol.dispose]();
    this.directory[Symbol.dispose]();
  }
}

function valuesOf(outcome: Outcome): readonly (Value | Failure)[] {
  if ('failure' in outcome) return [outcome.failure];
  const { values, packed } = outcome.computed;
  return values ?? unpack(packed ?? '');
}

/** What one process with this script of Node's prints for the parameters 0 …. */
export async function printed(source: string, given: Given = {}): Promise<(Value | Failure)[]> {
  await using trial = await Trial.of({ ...given, source });
  return await trial.values(1);
}

/** Whether a process is there, and not only left over for its parent to see. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
