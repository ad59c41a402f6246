/** Which runs take no chunks, as of the last heartbeat, and when a run has to be halted. */
import type { Broker, RunState, Settlement } from '../core/broker/port.js';
import { asError, ConfigError } from '../core/runtime/errors.js';
import type { Logger } from '../core/runtime/logger.js';
import type { HaltReason } from '../core/wire/records.js';

export class Halts {
  readonly #broker: Pick<Broker, 'runStates' | 'halt'>;
  readonly #log: Logger;
  readonly #halting = new Set<string>();
  #states: ReadonlyMap<string, RunState> = new Map();

  constructor(broker: Pick<Broker, 'runStates' | 'halt'>, log: Logger) {
    this.#broker = broker;
    this.#log = log;
  }

  async refresh(): Promise<void> {
    this.#states = await this.#broker.runStates();
  }

  reason(runId: string): HaltReason | undefined {
    return this.#states.get(runId)?.halted;
  }

  /** What becomes of a chunk of a halted run; undefined while its run goes on. */
  verb(runId: string): Extract<Settlement['verb'], 'park' | 'discard'> | undefined {
    const reason = this.reason(runId);
    return reason && (reason === 'cancelled' ? 'discard' : 'park');
  }

  /** Parameters of these runs were dead-lettered: is one of them over its budget? */
  async afterDeaths(runIds: Iterable<string>): Promise<void> {
    try {
      await this.refresh();
      for (const runId of runIds) if (this.#isOver(runId)) await this.#halt(runId);
    } catch (thrown) {
      if (thrown instanceof ConfigError) throw thrown;
      // The deaths themselves are recorded, and the next one asks again.
      this.#log.warn(
        { error: asError(thrown).message },
        'the failure budget could not be looked at, or the run halted',
      );
    }
  }

  /** The computation of these runs cannot start: none of their parameters is dead, and none shall be. */
  async afterBreaking(broken: ReadonlyMap<string, string>): Promise<void> {
    for (const [runId, error] of broken) {
      try {
        this.#log.error(
          { run_id: runId, error },
          'the computation cannot start: the run is halted, and nothing of it is lost. Mend it, and resume the run (ttg resume)',
        );
        await this.#broker.halt(runId, 'failures', error);
        await this.refresh();
      } catch (thrown) {
        if (thrown instanceof ConfigError) throw thrown;
        // Its chunks go back to the queue: whoever gets them finds the same.
        this.#log.warn({ run_id: runId, error: asError(thrown).message }, 'the run could not be halted');
      }
    }
  }

  #isOver(runId: string): boolean {
    const { halted, dead = 0, maxDead = Infinity } = this.#states.get(runId) ?? {};
    // Batches are settled side by side: another one may have found the same.
    return halted === undefined && dead > maxDead && !this.#halting.has(runId);
  }

  async #halt(runId: string): Promise<void> {
    this.#halting.add(runId);
    try {
      const { dead, maxDead } = this.#states.get(runId) ?? {};
      this.#log.error(
        { run_id: runId, dead, max_dead: maxDead },
        'more parameters are dead than the failure budget of the run allows: it is halted. Mend what fails and resume it ' +
          '(ttg resume), or raise the budget (MAX_DEAD; chart: run.maxDead)',
      );
      await this.#broker.halt(runId, 'failures');
      await this.refresh();
    } finally {
      this.#halting.delete(runId);
    }
  }
}
