/** Asks for work, and waits for it: the coordinator answers when there is some, or when the wait is over. */
import type { ReceiveOptions } from '../port.js';
import { delay } from '../../runtime/backoff.js';
import { EmbeddedDelivery } from './delivery.js';
import { ConnectionLost } from './failure.js';
import type { Link } from './link.js';
import { chunksOfRows } from './rows.js';
import type { Answer, Session } from './session.js';

/** A coordinator that is well answers at once when the wait is ended. */
const LAST_MOMENT_MS = 500;

export class Receiver {
  readonly #link: Link;
  readonly #unwanted: (deliveries: readonly EmbeddedDelivery[]) => void;

  /** @param unwanted gets what was leased to us when nobody waited any more */
  constructor(link: Link, unwanted: (deliveries: readonly EmbeddedDelivery[]) => void) {
    this.#link = link;
    this.#unwanted = unwanted;
  }

  async next({ max, waitMs, signal }: ReceiveOptions): Promise<EmbeddedDelivery[]> {
    const until = performance.now() + waitMs;
    while (!signal.aborted) {
      const session = await this.#link.session();
      try {
        return await this.#ask(session, max, Math.max(0, Math.floor(until - performance.now())), signal);
      } catch (error) {
        // What it may have leased to us is free again: the lease was the connection.
        if (!(error instanceof ConnectionLost) || this.#link.closed) throw error;
      }
    }
    return [];
  }

  async #ask(session: Session, max: number, waitMs: number, signal: AbortSignal): Promise<EmbeddedDelivery[]> {
    const n = session.next;
    const answer = session.ask<'receive'>({ op: 'receive', max, waitMs });
    const over = new AbortController();
    const cancel = (): void => session.cancel(n);
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
    try {
      const frame = await Promise.race([this.#link.untilGivenUp(answer), lateness(signal, over.signal)]);
      if (frame) return deliveriesOf(frame, session);
      answer.then(
        (late) => this.#unwanted(deliveriesOf(late, session)),
        () => undefined,
      );
      return [];
    } finally {
      over.abort();
      signal.removeEventListener('abort', cancel);
    }
  }
}

/** Resolves a moment after the signal's abort; never where the wait is over before. */
async function lateness(signal: AbortSignal, over: AbortSignal): Promise<undefined> {
  if (!signal.aborted)
    await new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true, signal: over }),
    );
  await delay(LAST_MOMENT_MS, over);
  return undefined;
}

function deliveriesOf({ header }: Answer<'receive'>, session: Session): EmbeddedDelivery[] {
  return Array.from(
    chunksOfRows(header),
    ({ chunk, id, attempt }) => new EmbeddedDelivery(chunk, id, attempt, session),
  );
}
