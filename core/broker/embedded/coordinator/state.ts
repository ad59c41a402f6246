/** What the log says has happened, line by line: queue, dead letters and runs as they are after its last line. */
import type { RunState } from '../../port.js';
import type { HaltReason, Wire } from '../../../wire/records.js';
import { deathOf, idsOf, partOf, type Line } from '../lines.js';
import type { Row, Template } from '../protocol.js';
import { templateOf } from '../rows.js';
import { Queue, type Entry, type Holder } from './queue.js';

/** Many times what all workers hold. */
const MOST_SETTLED = 20_000;

/** A dead letter: where its line is. */
export interface Letter {
  readonly offset: number;
  readonly length: number;
  /** undefined where it is no chunk. */
  readonly runId: string | undefined;
  readonly parameters: number;
}

interface Run {
  maxDead: number | undefined;
  dead: number;
  halted: HaltReason | undefined;
}

/** What the seeder that published last has published: a window that is sent again is known by it. */
export interface Windows {
  readonly token: string;
  /** Number of the window → chunks. */
  readonly counts: Map<number, number>;
  /** Ids of its chunks, as `first last first last …`. */
  readonly ids: number[];
}

/** Leases that were settled lately: who lost the connection, and with it the answer, may ask. */
class Settled {
  #now = new Map<number, number>();
  #before = new Map<number, number>();

  add(id: number, attempt: number): void {
    this.#now.set(id, attempt);
    if (this.#now.size < MOST_SETTLED) return;
    this.#before = this.#now;
    this.#now = new Map();
  }

  /** An attempt is one lease: the next one has another number. */
  has(id: number, attempt: number): boolean {
    return (this.#now.get(id) ?? this.#before.get(id)) === attempt;
  }
}

export class State {
  readonly queue = new Queue();
  readonly letters = new Map<number, Letter>();
  readonly runs = new Map<string, Run>();
  readonly templates = new Map<number, Template>();
  windows: Windows = { token: '', counts: new Map(), ids: [] };
  readonly settled = new Settled();
  /** The next chunk's, and the next dead letter's. */
  nextId = 1;
  nextLetter = 1;

  run(runId: string): Run {
    let run = this.runs.get(runId);
    if (!run) this.runs.set(runId, (run = { maxDead: undefined, dead: 0, halted: undefined }));
    return run;
  }

  runStates(): Record<string, RunState> {
    return Object.fromEntries(this.runs);
  }

  addRow(id: number, template: Template, [chunkId, start, end]: Row): void {
    this.nextId = Math.max(this.nextId, id + 1);
    this.queue.add({ id, chunkId, start, end, template, failed: 0, holder: undefined, at: 0 });
  }

  addChunk(id: number, wire: Wire): void {
    this.addRow(id, templateOf(wire), [
      wire['chunk_id'] as string,
      Number(wire['start_param']),
      Number(wire['end_param']),
    ]);
  }

  addWindow(token: string, window: number, first: number, count: number): void {
    if (this.windows.token !== token) this.windows = { token, counts: new Map(), ids: [] };
    const { counts, ids } = this.windows;
    counts.set(window, count);
    if (count === 0) return;
    if (ids.at(-1) === first - 1) ids[ids.length - 1] = first + count - 1;
    else ids.push(first, first + count - 1);
  }

  addLetter(number: number, letter: Letter): void {
    this.nextLetter = Math.max(this.nextLetter, number + 1);
    this.letters.set(number, letter);
    if (letter.runId !== undefined) this.run(letter.runId).dead += letter.parameters;
  }

  /** Back in the queue: not dead any more. */
  takeLetter(number: number): void {
    const letter = this.letters.get(number);
    if (letter?.runId !== undefined) this.run(letter.runId).dead -= letter.parameters;
    this.letters.delete(number);
  }

  note(record: Wire): void {
    const run = this.run(record['run_id'] as string);
    if (record['kind'] === 'plan') run.maxDead = record['max_dead'] as number | undefined;
    else if (record['kind'] === 'halted') run.halted = record['reason'] as HaltReason;
    else if (record['kind'] === 'resumed') run.halted = undefined;
  }
}

export function wireOf({ template, chunkId, start, end }: Entry): Wire {
  return { ...template, chunk_id: chunkId, start_param: start, end_param: end, total_in_chunk: end - start + 1 };
}

/** Brings a state up to a log's end: leases that nobody has ended ended with the coordinator. */
export class Replayer {
  readonly state = new State();
  /** Whoever had a lease then. */
  readonly #then: Holder = { name: '', staleMs: 0, leases: new Map() };

  readonly apply = (line: Line): void => {
    const { state } = this;
    const { queue } = state;
    const { kind, payload } = line;
    // Not split: a record may be long, and is not needed here.
    if (kind === 'c') return this.#settle(payload.toString('latin1', 0, payload.indexOf('{')).split(' '));
    if (kind === 'p') {
      const { id, attempt, rest } = partOf(payload);
      return this.#settle([id, attempt], rest);
    }
    if (kind === 'd') return this.#bury(line);
    const text = payload.toString();
    const words = text.split(' ', 4);
    const json = (after: number): unknown => JSON.parse(text.slice(words.slice(0, after).join(' ').length + 1));
    switch (kind) {
      case 't':
        state.templates.set(Number(words[0]), json(1) as Template);
        return;
      case 'q': {
        const template = state.templates.get(Number(words[0])) as Template;
        const rows = json(4) as Row[];
        const first = Number(words[3]);
        rows.forEach((row, i) => state.addRow(first + i, template, row));
        return state.addWindow(words[1] as string, Number(words[2]), first, rows.length);
      }
      case 'l':
        // A lease of a lease: the one before ended with a coordinator.
        return this.#each(text, (entry) => {
          if (entry.holder) entry.failed++;
          queue.lease(entry, this.#then, 0);
        });
      case 'b':
        return this.#each(text, (entry) => queue.giveBack(entry));
      case 'f':
        return this.#each(text, (entry) => queue.fail(entry));
      case 'k':
        return this.#each(text, (entry) => queue.park(entry));
      case 'g':
        return this.#each(text, (entry) => queue.remove(entry));
      case 'v':
        for (const id of idsOf(text)) {
          const entry = queue.parked.get(id);
          if (entry) queue.unpark(entry);
        }
        return;
      case 'x':
        return this.#settle(words, json(2) as [number, Wire][]);
      case 'u':
        return state.addLetter(Number(words[0]), { ...placeOf(line), runId: undefined, parameters: 0 });
      case 'y':
        state.takeLetter(Number(words[0]));
        return state.addChunk(Number(words[1]), json(2) as Wire);
      case 'o':
        for (const letter of idsOf(text)) state.letters.delete(letter);
        return;
      case 'z':
        queue.clear();
        return;
      case 'r':
        return state.note(JSON.parse(text) as Wire);
    }
  };

  /** The state at the end of the log. */
  finish(): State {
    for (const entry of [...this.#then.leases.values()]) this.state.queue.fail(entry);
    return this.state;
  }

  #each(ids: string, change: (entry: Entry) => void): void {
    for (const id of idsOf(ids)) {
      const entry = this.state.queue.entries.get(id);
      if (entry) change(entry);
    }
  }

  #settle([id, attempt]: readonly (number | string)[], pieces: readonly (readonly [number, unknown])[] = []): void {
    this.state.settled.add(Number(id), Number(attempt));
    this.#each(String(id), (entry) => this.state.queue.remove(entry));
    for (const [piece, wire] of pieces) this.state.addChunk(piece, wire as Wire);
  }

  #bury(line: Line): void {
    const words = line.payload.toString('latin1', 0, line.payload.indexOf('{')).split(' ');
    const letter = Number(words[2]);
    const { chunk } = deathOf(line.payload) as { chunk: Wire };
    const parameters = Number(chunk['total_in_chunk']);
    this.#settle(words);
    this.state.addLetter(letter, { ...placeOf(line), runId: chunk['run_id'] as string, parameters });
  }
}

export function placeOf({ offset, length }: { offset: number; length: number }): { offset: number; length: number } {
  return { offset, length };
}
