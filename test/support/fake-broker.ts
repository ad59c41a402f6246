/**
 * The queue of a broker in memory, for the logic of the worker's loop alone: what a broker promises is tested on real
 * ones.
 */
import type { Broker, Delivery, RunState, Settlement, Traits } from '../../core/broker/port.js';
import type { Chunk } from '../../core/model/chunk.js';
import type { HaltReason } from '../../core/wire/records.js';

export function chunkOf(start: number, end: number, over: Partial<Chunk> = {}): Chunk {
  return {
    runId: 'run-1',
    chunkId: `${start}-${end}`,
    start,
    end,
    computation: 'builtin',
    keepValues: false,
    piece: false,
    createdAt: '',
    ...over,
  };
}

export function deliveryOf(start: number, end: number, attempt = 1, over: Partial<Chunk> = {}): Delivery {
  return { chunk: chunkOf(start, end, over), attempt };
}

type Answer = (settlement: Settlement) => Error | undefined;

export class FakeBroker implements Pick<
  Broker,
  'traits' | 'receive' | 'settle' | 'extendLeases' | 'runStates' | 'halt' | 'depth'
> {
  readonly traits: Traits = { listsQueue: true, silenceMs: 0, lagMs: 0, quietMs: 0, deletesRecords: true };
  /** What is waiting, first in, first out. */
  readonly queue: Delivery[];
  /** Batches as they were settled. */
  readonly batches: Settlement[][] = [];
  readonly halts: { readonly runId: string; readonly reason: HaltReason; readonly error?: string }[] = [];
  readonly states = new Map<string, RunState>();
  /** The most that was held at a time. */
  mostHeld = 0;
  /** What a settlement is answered; undefined: it is done. */
  answer: Answer = () => undefined;
  readonly #held = new Set<Delivery>();

  constructor(queue: Delivery[] = []) {
    this.queue = queue;
  }

  /** As the worker takes it. */
  get port(): Broker {
    return this as unknown as Broker;
  }

  get settled(): { readonly verb: Settlement['verb']; readonly start: number; readonly end: number }[] {
    return this.batches.flat().map(({ verb, delivery: { chunk } }) => ({ verb, start: chunk.start, end: chunk.end }));
  }

  async receive({ max }: { readonly max: number }): Promise<Delivery[]> {
    const taken = this.queue.splice(0, max);
    for (const delivery of taken) this.#held.add(delivery);
    this.mostHeld = Math.max(this.mostHeld, this.#held.size);
    return taken;
  }

  async settle(settlements: readonly Settlement[]): Promise<(Error | undefined)[]> {
    this.batches.push([...settlements]);
    return settlements.map((settlement) => {
      const error = this.answer(settlement);
      if (error) return error;
      const { chunk } = settlement.delivery;
      this.#held.delete(settlement.delivery);
      if (settlement.verb === 'dead-letter') {
        const state = this.#stateOf(chunk.runId);
        this.states.set(chunk.runId, { ...state, dead: state.dead + chunk.end - chunk.start + 1 });
      }
      return undefined;
    });
  }

  async extendLeases(deliveries: readonly Delivery[]): Promise<undefined[]> {
    return deliveries.map(() => undefined);
  }

  async runStates(): Promise<ReadonlyMap<string, RunState>> {
    return new Map(this.states);
  }

  async halt(runId: string, reason: HaltReason, error?: string): Promise<void> {
    this.halts.push({ runId, reason, ...(error === undefined ? {} : { error }) });
    this.states.set(runId, { ...this.#stateOf(runId), halted: reason });
  }

  async depth() {
    return { ready: this.queue.length, leased: this.#held.size, stale: 0, delayed: 0, dead: 0, parked: 0 };
  }

  #stateOf(runId: string): RunState {
    return this.states.get(runId) ?? { maxDead: undefined, dead: 0, halted: undefined };
  }
}
