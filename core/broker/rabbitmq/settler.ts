/** A batch of settlements: everything published, one wait for the confirms, then the acknowledgements. */
import type { Chunk } from '../../model/chunk.js';
import { asError, LeaseLost, SettledBefore, Unrecordable } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/logger.js';
import { encodeChunk } from '../../wire/chunk-codec.js';
import { encodeRecord } from '../../wire/record-codec.js';
import { whyUnreadable } from '../../wire/recordable.js';
import type { LogRecord } from '../../wire/records.js';
import type { Death, Hooks, Settlement } from '../port.js';
import { attemptHeaders, deathHeaders, errorHeaders, shortened, toBody } from './codec.js';
import type { RabbitDelivery } from './delivery.js';
import { MAX_RECORD_BYTES } from './concerns.js';
import { ConnectionLost, TooLarge } from './failure.js';
import type { Link } from './link.js';
import { rangeOf, type RunStates } from './run-state.js';
import { Session } from './session.js';
import type { Topology } from './topology.js';

type Of<Verb extends Settlement['verb']> = Extract<Settlement, { verb: Verb }>;

export interface SettlerOptions {
  readonly link: Link;
  readonly topology: Topology;
  readonly states: RunStates;
  readonly log: Logger;
  readonly hooks: Hooks;
  /** Loses what is settled. */
  readonly held: Set<RabbitDelivery>;
}

export class Settler {
  readonly #options: SettlerOptions;
  /** Runs of which this process parked something. */
  readonly #parked = new Set<string>();

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** Whether this process parked chunks of the run since the last call. */
  takeParked(runId: string): boolean {
    return this.#parked.delete(runId);
  }

  /** @throws Error when the broker refused something for now; what it confirmed is acknowledged nevertheless */
  async settle(settlements: readonly Settlement[]): Promise<(Error | undefined)[]> {
    const published = settlements.map((settlement) => this.#publish(settlement));
    const all = Promise.all(published).then((answers) => this.#acknowledge(settlements, answers));
    const over = all.catch(() => undefined);
    for (const { delivery } of settlements) {
      const own = delivery as RabbitDelivery;
      if (own.state === 'settling') own.settling ??= over;
    }
    const answers = await all;
    const unknown = answers.find((error) => error && !isAnswer(error));
    if (unknown) throw unknown;
    return answers;
  }

  /**
   * Lets a settle under way finish, or releases; whoever settles afterwards learns that the lease is lost. Never
   * rejects.
   */
  async giveBack(deliveries: readonly RabbitDelivery[]): Promise<void> {
    const held = deliveries.filter(({ state }) => state === 'held');
    await this.settle(held.map((delivery) => ({ delivery, verb: 'release' }))).catch(() => undefined);
    await Promise.all(deliveries.map((delivery) => delivery.settleEnded()));
    for (const delivery of deliveries) delivery.state = 'lost';
  }

  async #publish(settlement: Settlement): Promise<Error | undefined> {
    const delivery = settlement.delivery as RabbitDelivery;
    let completion: { body: Buffer; whole: boolean } | undefined;
    if (settlement.verb === 'complete') {
      const body = this.#recordOf(settlement);
      if (body instanceof Unrecordable) return body;
      completion = { body, whole: settlement.rest === undefined };
    }
    const refused = delivery.claim();
    if (refused instanceof LeaseLost && completion) return this.#recordLate(delivery, refused, completion);
    if (refused) return refused;
    try {
      await this.#carryOut(settlement, completion?.body);
      return undefined;
    } catch (error) {
      if (error instanceof ConnectionLost) {
        const lost = delivery.lost();
        return completion ? this.#recordLate(delivery, lost, completion) : lost;
      }
      delivery.state = 'held';
      delivery.settling = undefined;
      return error instanceof TooLarge ? new Unrecordable(error.message, { cause: error }) : asError(error);
    }
  }

  /** By one request for each channel, where nothing older stays held. */
  #acknowledge(settlements: readonly Settlement[], answers: readonly (Error | undefined)[]): (Error | undefined)[] {
    const done = [...answers];
    const bySession = new Map<Session, number[]>();
    settlements.forEach(({ delivery }, i) => {
      if (answers[i]) return;
      const { session } = delivery as RabbitDelivery;
      const places = bySession.get(session);
      if (places) places.push(i);
      else bySession.set(session, [i]);
    });
    for (const [session, places] of bySession) {
      const deliveries = places.map((i) => settlements[i]?.delivery as RabbitDelivery);
      try {
        session.ack(...deliveries.map(({ message }) => message));
        for (const delivery of deliveries) {
          delivery.state = 'settled';
          this.#options.held.delete(delivery);
        }
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        for (const i of places) done[i] = (settlements[i]?.delivery as RabbitDelivery).lost();
      }
    }
    return done;
  }

  async #carryOut(settlement: Settlement, record: Buffer | undefined): Promise<void> {
    const { tasks, retry, parked, results } = this.#options.topology;
    const { session, message, attempt, chunk } = settlement.delivery as RabbitDelivery;
    const { content } = message;
    switch (settlement.verb) {
      case 'complete':
        await session.send(results, record as Buffer);
        if (settlement.rest) await this.#publishPieces(session, settlement.rest);
        this.#options.hooks.recorded?.(chunk);
        return;
      case 'retry': {
        const headers = { ...attemptHeaders(attempt), ...errorHeaders(settlement.error, new Date().toISOString()) };
        return session.send(retry, content, headers);
      }
      case 'split':
        return this.#publishPieces(session, settlement.pieces);
      case 'dead-letter':
        return this.#bury(settlement);
      case 'release':
        // A copy with the count it came with: before RabbitMQ 4.3 a quorum queue counts what is requeued as a death.
        return session.send(tasks, content, attemptHeaders(attempt - 1));
      case 'park':
        // Whoever resumed the run has looked for parked chunks already.
        if (this.#options.states.wasResumed(chunk.runId))
          return session.send(tasks, content, attemptHeaders(attempt - 1));
        this.#parked.add(chunk.runId);
        return session.send(parked, content, attemptHeaders(attempt - 1));
      case 'discard':
        return;
    }
  }

  async #publishPieces(session: Session, pieces: readonly Chunk[]): Promise<void> {
    const { tasks } = this.#options.topology;
    await Promise.all(pieces.map((piece) => session.send(tasks, toBody(encodeChunk(piece)))));
  }

  async #bury({ delivery, death }: Of<'dead-letter'>): Promise<void> {
    const { session, message, chunk } = delivery as RabbitDelivery;
    const { results, dlq } = this.#options.topology;
    const completedAt = new Date().toISOString();
    await session.send(results, toBody(encodeRecord(deadRecordOf(chunk, death, completedAt))));
    await session.send(dlq, message.content, deathHeaders(death, completedAt));
    await this.#options.states.tell({ run_id: chunk.runId, died: rangeOf(chunk) }, session);
  }

  #recordOf({ delivery, result, rest }: Of<'complete'>): Buffer | Unrecordable {
    const { runId, chunkId, start, end } = delivery.chunk;
    const finished = rest?.[0] ? rest[0].start - 1 : end;
    const record = {
      kind: 'result',
      runId,
      chunkId,
      start,
      end: finished,
      ...result,
      attempt: delivery.attempt,
    } as const;
    const wire = encodeRecord(record);
    const fault = whyUnreadable(wire);
    if (fault !== undefined) return new Unrecordable(`the result of chunk ${chunkId} has no encoding: ${fault}`);
    const body = toBody(wire);
    if (body.length <= MAX_RECORD_BYTES) return body;
    return new Unrecordable(
      `the record of chunk ${chunkId} has ${body.length} bytes, and RabbitMQ takes ${MAX_RECORD_BYTES} in one message: make smaller ` +
        'chunks (CHUNK_SIZE; chart: run.chunkSize), or keep no values (RESULTS_STORE=none; chart: results.store)',
    );
  }

  /**
   * Where the broker ended the lease for a limit of its own, the result is as good as any: it is recorded and counts
   * once. The copy that the broker delivers again is told of, so that nobody computes it once more.
   */
  async #recordLate(
    { session, chunk }: RabbitDelivery,
    lost: LeaseLost,
    { body, whole }: { body: Buffer; whole: boolean },
  ): Promise<LeaseLost> {
    if (!session.endedByLimit) return lost;
    const { link, topology, states, log } = this.#options;
    try {
      const late = await Session.open(await link.connection());
      try {
        await late.send(topology.results, body);
        if (whole) await states.tell({ run_id: chunk.runId, recorded: rangeOf(chunk) }, late);
      } finally {
        await late.close();
      }
      return new LeaseLost(`${lost.message}. The result is recorded nevertheless`, {
        cause: lost.cause,
        recorded: true,
      });
    } catch (error) {
      const fields = { run_id: chunk.runId, chunk_id: chunk.chunkId, reason: asError(error).message };
      log.warn(fields, 'a result that outlived its lease could not be recorded');
      return lost;
    }
  }
}

function deadRecordOf({ runId, chunkId, start, end }: Chunk, death: Death, completedAt: string): LogRecord {
  const { attempts, workerId, stackId, stack, error } = death;
  return {
    kind: 'dead',
    runId,
    chunkId,
    start,
    end,
    workerId,
    attempts,
    error: shortened(error.message),
    stackId,
    stack: shortened(stack),
    completedAt,
  };
}

/** Answers of the port; any other error means that nobody knows what happened. */
function isAnswer(error: Error): boolean {
  return error instanceof LeaseLost || error instanceof Unrecordable || error instanceof SettledBefore;
}
