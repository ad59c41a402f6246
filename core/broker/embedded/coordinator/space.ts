/** All that one queue prefix names: its log, and in memory what follows from it. Every step is one line of the log. */
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import type { Depth } from '../../port.js';
import type { Logger } from '../../../runtime/logger.js';
import { encodeLine, encodeLineOf, idsText } from '../lines.js';
import { openDisk } from './disk.js';
import { Journal } from './journal.js';
import type { Entry, Holder } from './queue.js';
import { recover } from './recover.js';
import { Seeder } from './seeder.js';
import { Replayer, type State } from './state.js';
import type { Template } from '../protocol.js';
import type { Wire } from '../../../wire/records.js';

const SWEEP_MS = 50;

export interface Receiver {
  readonly holder: Holder;
  readonly max: number;
  readonly take: (entries: Entry[]) => void;
}

export class Space {
  readonly journal: Journal;
  readonly state: State;
  readonly seeder: Seeder;
  /** Template → its number in the log. */
  readonly #templates = new Map<string, number>();
  readonly #receivers = new Set<Receiver>();
  #sweep: NodeJS.Timeout | undefined;
  #sweptAt = 0;

  private constructor(journal: Journal, state: State) {
    this.journal = journal;
    this.state = state;
    this.seeder = new Seeder(state);
    for (const [number, template] of state.templates) this.#templates.set(JSON.stringify(template), number);
  }

  /**
   * @param failed told when its log cannot be written any more
   * @throws ConfigError where the log is damaged
   */
  static async open(dir: string, prefix: string, log: Logger, failed: (error: Error) => void): Promise<Space> {
    const path = join(dir, `${prefix}.journal`);
    const disk = await openDisk(path);
    const replayer = new Replayer();
    const size = await recover(path, disk, replayer.apply, log).catch(async (error: unknown) => {
      await disk.close();
      throw error;
    });
    return new Space(new Journal(path, disk, size, log, failed), replayer.finish());
  }

  /** @returns the line's offset */
  write(kind: string, payload: string | Buffer): number {
    return this.journal.append(encodeLine(kind, payload));
  }

  /** As `write`, for what is long already: its first part is ASCII. */
  writeLong(start: string, end: Buffer): number {
    return this.journal.append(encodeLineOf(start, end));
  }

  /** The number under which the log knows this template. */
  numberOf(template: Template): number {
    const text = JSON.stringify(template);
    let number = this.#templates.get(text);
    if (number === undefined) {
      number = this.#templates.size + 1;
      this.#templates.set(text, number);
      this.state.templates.set(number, template);
      this.write('t', `${number} ${text}`);
    }
    return number;
  }

  /** New chunks that no seeder publishes: pieces, and what is replayed. @returns the ids to be written */
  queue(wires: readonly Wire[]): [id: number, wire: Wire][] {
    return wires.map((wire) => {
      const id = this.state.nextId;
      this.state.addChunk(id, wire);
      this.seeder.sawQueued(this.state.queue.entries.get(id) as Entry);
      return [id, wire];
    });
  }

  /** Leases at once what there is, or as soon as there is something. */
  receive(receiver: Receiver): void {
    this.#receivers.add(receiver);
    this.serve();
  }

  forget(receiver: Receiver): void {
    this.#receivers.delete(receiver);
  }

  /** To be called whenever something is ready. */
  serve(): void {
    const { queue } = this.state;
    for (const receiver of this.#receivers) {
      if (queue.ready === 0) break;
      this.#receivers.delete(receiver);
      const taken = queue.take(receiver.holder, receiver.max, performance.now());
      this.write('l', idsText(taken.map(({ id }) => id)));
      receiver.take(taken);
    }
    this.watch();
  }

  /** Leases that end without a result. */
  fail(entries: readonly Entry[], due = 0): void {
    if (entries.length === 0) return;
    this.write('f', idsText(entries.map(({ id }) => id)));
    for (const entry of entries) this.state.queue.fail(entry, due);
    this.serve();
  }

  depth(): Depth {
    return { ...this.state.queue.depth(performance.now()), dead: this.state.letters.size };
  }

  /** While something is leased or delayed, time goes on. */
  watch(): void {
    if (this.#sweep !== undefined || !this.state.queue.isWaiting) return;
    this.#sweptAt = performance.now();
    this.#sweep = setTimeout(() => this.#sweepNow(), SWEEP_MS);
  }

  async close(): Promise<void> {
    clearTimeout(this.#sweep);
    this.#receivers.clear();
    await this.journal.close();
  }

  /** Closes it, and deletes its log. */
  async remove(): Promise<void> {
    await this.close();
    await rm(this.journal.path, { force: true });
  }

  #sweepNow(): void {
    this.#sweep = undefined;
    if (!this.journal.isOpen) return;
    const now = performance.now();
    const late = now - this.#sweptAt - SWEEP_MS;
    const { queue } = this.state;
    // This process stood still, and heartbeats wait to be read: a lease is not over for that.
    if (late > SWEEP_MS) queue.postpone(late);
    this.fail(queue.lapsed(now));
    if (queue.endDelays(now)) this.serve();
    this.watch();
  }
}
