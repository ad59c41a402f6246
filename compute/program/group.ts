/** A process with all that it starts: one process group, which is stopped and killed as a whole. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { asError } from '../../core/runtime/errors.js';
import { Tail } from './tail.js';
import type { Exit } from './unstartable.js';

/** Between SIGTERM and SIGKILL. */
const STOP_MS = 2000;
/** What a process printed arrives after its end. Children that keep its output open are not waited for any longer. */
const DRAIN_MS = 200;

export type Ended = Exit | { readonly error: NodeJS.ErrnoException };

export interface Launch {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: boolean;
  readonly received: (bytes: Buffer) => void;
}

export class Group {
  /** Undefined where Node refused at once. */
  readonly #child: ChildProcess | undefined;
  readonly #stderr = new Tail(4096);
  #chunksRead = 0;
  #killed: string | undefined;
  #killing: NodeJS.Timeout | undefined;
  #sentKill = false;
  /** Resolves once, when all that the process printed was received. Never rejects. */
  readonly ended: Promise<Ended>;

  constructor({ argv, env, stdin, received }: Launch) {
    const [program = '', ...args] = argv;
    try {
      // No shell: what stands in a parameter is never read as a command. A group of its own, and a session.
      this.#child = spawn(program, args, { env, stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'], detached: true });
    } catch (thrown) {
      this.ended = Promise.resolve({ error: asError(thrown) });
      return;
    }
    const read = (stream: Readable | null | undefined, take: (bytes: Buffer) => void): void =>
      void stream?.on('data', (bytes: Buffer) => {
        this.#chunksRead++;
        take(bytes);
      });
    read(this.#child.stdout, received);
    read(this.#child.stderr, (bytes) => this.#stderr.add(bytes));
    for (const stream of this.#child.stdio ?? []) stream?.on('error', () => undefined);
    this.ended = this.#end(this.#child);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Undefined where it was not asked for. */
  get stdin(): Writable | undefined {
    return this.#child?.stdin ?? undefined;
  }

  /** The end of what it printed on standard error. */
  get stderr(): string {
    return this.#stderr.toString();
  }

  /** Why it was stopped, by whoever stopped it first. */
  get stopped(): string | undefined {
    return this.#killed;
  }

  /** Whether SIGKILL came from here. */
  get sentKill(): boolean {
    return this.#sentKill;
  }

  /** SIGTERM, and SIGKILL for what is left after a while. */
  stop(reason: string, ms = STOP_MS): void {
    if (this.#killed !== undefined) return;
    this.#killed = reason;
    this.#signal('SIGTERM');
    this.#killing = setTimeout(() => this.kill(reason), ms);
  }

  kill(reason: string): void {
    this.#killed ??= reason;
    clearTimeout(this.#killing);
    this.#sentKill = true;
    this.#signal('SIGKILL');
  }

  async #end(child: ChildProcess): Promise<Ended> {
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const ended = await new Promise<Ended>((resolve) => {
      child.once('error', (error) => resolve({ error }));
      child.once('exit', (status, signal) => resolve({ status: status ?? undefined, signal: signal ?? undefined }));
    });
    clearTimeout(this.#killing);
    if ('error' in ended) return ended;
    const isClosed = await within(closed, DRAIN_MS);
    // Whoever is left of the group: nothing that a parameter started outlives it.
    this.#signal('SIGKILL');
    if (!isClosed && !(await within(closed, DRAIN_MS))) await this.#readWhatIsThere();
    child.stdin?.destroy();
    return ended;
  }

  /** A process outside the group still has the pipe open. What is in it by now belongs to the value, no more. */
  async #readWhatIsThere(): Promise<void> {
    for (let before = -1; before !== this.#chunksRead;) {
      before = this.#chunksRead;
      // This phase of Node's loop comes after the one that reads.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child?.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // ESRCH: nobody of it is left
    }
  }
}

/** Whether it came about in this time. */
async function within(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const came = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return came;
}
