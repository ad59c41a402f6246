/**
 * What runs are apart from the log: their budgets, their dead, and whether they are halted; and what the broker's count
 * of deliveries gets wrong. RabbitMQ has no store to look this up in, so it is a small stream of events, which each
 * process that asks reads once and follows from then on.
 */
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import type { Interval } from '../../model/interval.js';
import { asError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import type { HaltReason } from '../../wire/records.js';
import type { RunState } from '../port.js';
import { fromBody, toBody } from './codec.js';
import { isMissingQueue } from './failure.js';
import type { Link } from './link.js';
import { lastOffset } from './log-end.js';
import { readStream } from './read-stream.js';
import { Session } from './session.js';

const natural = z.int().check(z.gte(0));
const range = z.tuple([natural, natural]);
const eventShape = z.object({
  id: z.string(),
  run_id: z.string(),
  max_dead: z.optional(natural),
  halted: z.optional(z.enum(['cancelled', 'failures', 'no'])),
  /** Parameters that died, or were replayed. */
  died: z.optional(range),
  replayed: z.optional(range),
  /** Recorded by a worker whose lease the broker had ended: the copy that is still queued need not be computed. */
  recorded: z.optional(range),
  /**
   * Chunks that went back to the queue because the broker closed a channel: no worker died, but each counts as a death.
   */
  undue: z.optional(z.array(range)),
});

type Event = z.output<typeof eventShape>;

interface State {
  maxDead: number | undefined;
  halted: HaltReason | undefined;
  resumed: boolean;
  readonly dead: Map<string, number>;
  readonly recorded: Set<string>;
  readonly undue: Map<string, number>;
}

export class RunStates {
  readonly #link: Link;
  readonly #queue: string;
  readonly #log: Logger;
  readonly #resumed: (runId: string) => void;
  readonly #stop = new AbortController();
  #states = new Map<string, State>();
  /** Events of our own that have not come back: they count from the moment they are told. */
  #own = new Set<string>();
  #caughtUp: Promise<void> | undefined;

  /** @param resumed called when a halt ends, for whatever process ended it */
  constructor(link: Link, queue: string, log: Logger, resumed: (runId: string) => void) {
    this.#link = link;
    this.#queue = queue;
    this.#log = log;
    this.#resumed = resumed;
  }

  async read(): Promise<ReadonlyMap<string, RunState>> {
    await this.catchUp();
    return new Map(
      [...this.#states].map(([run, { maxDead, halted, dead }]) => {
        const parameters = [...dead.values()].reduce((sum, count) => sum + count, 0);
        return [run, { maxDead, halted, dead: parameters }];
      }),
    );
  }

  /** From then on what is told is known as soon as it arrives. */
  async catchUp(): Promise<void> {
    this.#caughtUp ??= this.#begin();
    await this.#caughtUp;
  }

  /** Whether this run was halted and is not any more, as far as this process has heard. */
  wasResumed(runId: string): boolean {
    const state = this.#states.get(runId);
    return state?.resumed === true && state.halted === undefined;
  }

  /** How many of this chunk's deliveries ended without fault of its worker. Call `catchUp` before. */
  undue(runId: string, chunk: Interval): number {
    return this.#states.get(runId)?.undue.get(keyOf(chunk)) ?? 0;
  }

  /**
   * Whether the result of exactly these parameters is in the log although their chunk is queued. Call `catchUp` before.
   */
  isRecorded(runId: string, chunk: Interval): boolean {
    return this.#states.get(runId)?.recorded.has(keyOf(chunk)) ?? false;
  }

  /** @param session of the caller; one of its own where it has none */
  async tell(event: Omit<Event, 'id'>, session?: Session): Promise<void> {
    const whole = { id: randomUUID(), ...event };
    const own = session ?? (await Session.open(await this.#link.connection()));
    this.#own.add(whole.id);
    try {
      await own.send(this.#queue, toBody(whole));
    } catch (error) {
      // Where it arrived nevertheless it comes back as anybody's.
      this.#own.delete(whole.id);
      throw error;
    } finally {
      if (!session) await own.close();
    }
    this.#apply(whole);
  }

  close(): void {
    this.#stop.abort();
  }

  /** Reads what is there, and goes on in the background. */
  async #begin(): Promise<void> {
    try {
      const last = await this.#lastOffset();
      this.#states = new Map();
      this.#own = new Set();
      await new Promise<void>((resolve, reject) => {
        if (last < 0) resolve();
        this.#follow(last, resolve).catch((error: unknown) => reject(asError(error)));
      });
    } catch (error) {
      this.#caughtUp = undefined;
      throw error;
    }
  }

  async #follow(last: number, caughtUp: () => void): Promise<void> {
    try {
      for await (const { position, body } of readStream(this.#link, this.#queue, { follow: this.#stop.signal })) {
        const event = decode(body);
        if (event && !this.#own.delete(event.id)) this.#apply(event);
        if (position >= last) caughtUp();
      }
      caughtUp();
    } catch (error) {
      // The next one who asks begins anew.
      this.#caughtUp = undefined;
      if (!this.#stop.signal.aborted)
        this.#log.warn({ reason: asError(error).message }, 'run states cannot be followed');
      throw error;
    }
  }

  async #lastOffset(): Promise<number> {
    try {
      return await lastOffset(await this.#link.connection(), this.#queue);
    } catch (error) {
      if (isMissingQueue(error)) return -1;
      throw error;
    }
  }

  #apply({ run_id: runId, max_dead: maxDead, halted, died, replayed, recorded, undue = [] }: Event): void {
    const state = this.#states.get(runId) ?? blank();
    this.#states.set(runId, state);
    if (maxDead !== undefined) state.maxDead = maxDead;
    if (died) state.dead.set(keyOf(intervalOf(died)), died[1] - died[0] + 1);
    if (replayed) state.dead.delete(keyOf(intervalOf(replayed)));
    if (recorded) state.recorded.add(keyOf(intervalOf(recorded)));
    for (const each of undue) {
      const key = keyOf(intervalOf(each));
      state.undue.set(key, (state.undue.get(key) ?? 0) + 1);
    }
    if (halted === undefined) return;
    state.halted = halted === 'no' ? undefined : halted;
    if (halted !== 'no') return;
    state.resumed = true;
    this.#resumed(runId);
  }
}

function blank(): State {
  return {
    maxDead: undefined,
    halted: undefined,
    resumed: false,
    dead: new Map(),
    recorded: new Set(),
    undue: new Map(),
  };
}

/** What somebody else wrote there says nothing. */
function decode(body: Buffer): Event | undefined {
  try {
    const parsed = z.safeParse(eventShape, fromBody(body));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

export function rangeOf({ start, end }: Interval): [start: number, end: number] {
  return [start, end];
}

function intervalOf([start, end]: readonly [number, number]): Interval {
  return { start, end };
}

function keyOf({ start, end }: Interval): string {
  return `${start}-${end}`;
}
