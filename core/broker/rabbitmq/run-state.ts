/**
 * What runs are apart from the log: their budgets, their dead, and whether they are halted. RabbitMQ has no store to look
 * this up in, so it is a small stream of events, which each process that asks reads once and follows from then on.
 */
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { asError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import type { HaltReason } from '../../wire/records.js';
import type { RunState } from '../port.js';
import { fromBody, toBody } from './codec.js';
import type { Link } from './link.js';
import { lastOffset } from './log-end.js';
import { isMissingQueue } from './failure.js';
import { readStream } from './read-stream.js';
import { Session } from './session.js';

const eventShape = z.object({
  id: z.string(),
  run_id: z.string(),
  max_dead: z.optional(z.number()),
  /** Parameters that died; negative where they were replayed. */
  died: z.optional(z.number()),
  halted: z.optional(z.enum(['cancelled', 'failures', 'no'])),
});

type Event = z.output<typeof eventShape>;

interface State {
  maxDead: number | undefined;
  dead: number;
  halted: HaltReason | undefined;
}

export class RunStates {
  readonly #link: Link;
  readonly #queue: string;
  readonly #log: Logger;
  readonly #states = new Map<string, State>();
  /** Events of our own, which count before they come back. */
  readonly #own = new Set<string>();
  readonly #stop = new AbortController();
  #caughtUp: Promise<void> | undefined;

  constructor(link: Link, queue: string, log: Logger) {
    this.#link = link;
    this.#queue = queue;
    this.#log = log;
  }

  async read(): Promise<ReadonlyMap<string, RunState>> {
    this.#caughtUp ??= this.#begin();
    await this.#caughtUp;
    return new Map([...this.#states].map(([run, state]) => [run, { ...state, dead: Math.max(0, state.dead) }]));
  }

  /** @param session of the caller; one of its own where it has none */
  async tell(event: Omit<Event, 'id'>, session?: Session): Promise<void> {
    const whole = { id: randomUUID(), ...event };
    const own = session ?? (await Session.open(await this.#link.connection()));
    try {
      await own.send(this.#queue, toBody(whole));
    } finally {
      if (!session) await own.close();
    }
    this.#own.add(whole.id);
    this.#apply(whole);
  }

  close(): void {
    this.#stop.abort();
  }

  /** Reads what is there, and goes on in the background. */
  async #begin(): Promise<void> {
    const last = await this.#lastOffset();
    if (last < 0) return void this.#follow(0, last, () => undefined).catch(() => undefined);
    return new Promise((resolve, reject) => {
      this.#follow(0, last, resolve).catch((error: unknown) => reject(asError(error)));
    });
  }

  async #follow(from: number, last: number, caughtUp: () => void): Promise<void> {
    try {
      for await (const { position, body } of readStream(this.#link, this.#queue, { from, follow: this.#stop.signal })) {
        const event = decode(body);
        if (event && !this.#own.delete(event.id)) this.#apply(event);
        if (position >= last) caughtUp();
      }
      caughtUp();
    } catch (error) {
      // The next one who asks begins anew; until then what is known stays.
      this.#caughtUp = undefined;
      this.#states.clear();
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

  #apply({ run_id: runId, max_dead: maxDead, died, halted }: Event): void {
    const state = this.#states.get(runId) ?? { maxDead: undefined, dead: 0, halted: undefined };
    this.#states.set(runId, state);
    if (maxDead !== undefined) state.maxDead = maxDead;
    if (died !== undefined) state.dead += died;
    if (halted !== undefined) state.halted = halted === 'no' ? undefined : halted;
  }
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
