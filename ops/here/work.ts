/** Seeding and computing side by side, until the run is finished or halted, nothing can go on, or somebody ends it. */
import type { Broker, Depth } from '../../core/broker/port.js';
import { progressOf } from '../../core/ledger/report.js';
import { delay } from '../../core/runtime/backoff.js';
import { CannotWrite } from '../../core/runtime/errors.js';
import type { Config } from '../../core/runtime/config.js';
import { createLogger } from '../../core/runtime/logger.js';
import type { ElsewhereRuns } from '../../seeder/reuse.js';
import { seed } from '../../seeder/seed.js';
import type { Display } from './display.js';
import type { Follower } from './follow.js';
import { Pace } from './pace.js';
import { Workers } from './workers.js';

const LOOK_MS = 100;
const SHOW_MS = 250;
/** With nothing queued or held for this long, and no worker, what is missing does not come any more. */
const QUIET_MS = 10_000;

export interface Work {
  /** Workers at a time. */
  readonly jobs: number;
  /** Dead parameters are in the queue again: the log alone does not say when all is done. */
  readonly isRetried: boolean;
  readonly broker: Broker;
  readonly config: Config;
  /** Of every worker. */
  readonly env: NodeJS.ProcessEnv;
  /** What the workers print. */
  readonly workersLog: string;
  readonly follower: Follower;
  readonly display: Display;
  readonly stop: AbortSignal;
  /** Where `run.reuse` looks beside the broker's log. */
  readonly elsewhere: ElsewhereRuns;
  /** Resolves where the broker can record nothing more. */
  readonly failed: Promise<Error> | undefined;
}

/** @throws CannotWrite where nothing can be recorded any more */
export async function work(options: Work): Promise<void> {
  const { broker, config, follower, display, workersLog, stop, elsewhere } = options;
  const queue = new Queue(broker);
  const workers = new Workers({
    count: options.jobs,
    env: options.env,
    logFile: workersLog,
    unfinished: () => queue.look(),
    recorded: () => follower.records,
    died: (name, how) => display.note(`${name} ${how}; another one takes its place. What it printed: ${workersLog}`),
  });
  const over = new AbortController();
  const keeping = workers.keep();
  const showing = show(options, queue, workers, over.signal);
  const seeding = { doneAt: Infinity };
  const seeded = seed({ broker, config, log: createLogger(config, 'seeder', 2), stop, elsewhere }).then(
    () => (seeding.doneAt = performance.now()),
  );
  const ending = untilOver(options, queue, workers, seeding);
  ending.catch(() => undefined);
  const failed = options.failed?.then((error) => {
    throw new CannotWrite(error.message, { cause: error });
  });
  failed?.catch(() => undefined);
  try {
    // A seeder that refuses ends all; one that is done does not.
    const reason = await Promise.race([ending, seeded.then(() => ending), ...(failed ? [failed] : [])]);
    if (reason !== undefined) display.note(reason);
    if (stop.aborted && workers.running > 0)
      display.note(
        `stopping: what is running may take ${config.SHUTDOWN_GRACE_SECONDS} s to finish (Ctrl-C once more ends it at once)`,
      );
  } finally {
    await workers.drain(config.SHUTDOWN_GRACE_SECONDS * 1000);
    over.abort();
    await Promise.all([keeping, showing]);
  }
}

/** @returns why it ends unfinished, where that is not known anyway */
async function untilOver(
  { follower, isRetried, workersLog, stop }: Work,
  queue: Queue,
  workers: Workers,
  seeding: { readonly doneAt: number },
): Promise<string | undefined> {
  while (!stop.aborted) {
    follower.check();
    const { ledger } = follower;
    const doneMs = performance.now() - seeding.doneAt;
    if (doneMs >= 0) {
      if (ledger.halted !== undefined) return undefined;
      if (ledger.isFinished && (!isRetried || Math.min(queue.emptyMs, doneMs) > queue.lagMs)) return undefined;
      // What was empty before it was seeded says nothing.
      if (Math.min(queue.emptyMs, doneMs) > QUIET_MS && workers.running === 0)
        return 'nothing is queued any more, and the run is not finished: the same command again publishes what it lacks';
    }
    if (workers.failure !== undefined) return `${workers.failure}. What it printed: ${workersLog}`;
    await delay(LOOK_MS, stop);
  }
  return undefined;
}

async function show({ follower, display }: Work, queue: Queue, workers: Workers, over: AbortSignal): Promise<void> {
  const pace = new Pace();
  const { runId } = follower.ledger;
  for (;;) {
    const isLast = over.aborted;
    if (isLast) await queue.look();
    const { total, done, dead } = progressOf(follower.ledger);
    if (total > 0) {
      const rate = pace.rate(done + dead, performance.now());
      const etaSeconds = rate === null || done + dead === total ? null : (total - done - dead) / rate;
      display.show({ runId, total, done, dead, rate, etaSeconds, depth: queue.depth, workers: workers.running });
    }
    if (isLast) return;
    await delay(SHOW_MS, over);
  }
}

/** The queue as it was at the last look. */
class Queue {
  readonly lagMs: number;
  depth: Depth | undefined;
  readonly #broker: Broker;
  #emptySince: number | undefined;

  constructor(broker: Broker) {
    this.#broker = broker;
    this.lagMs = broker.traits.lagMs;
  }

  /** For how long nothing has been in it. */
  get emptyMs(): number {
    return this.#emptySince === undefined ? -1 : performance.now() - this.#emptySince;
  }

  /** @returns chunks that are not finished; undefined where the broker does not answer */
  async look(): Promise<number | undefined> {
    this.depth = await this.#broker.depth().catch(() => undefined);
    if (!this.depth) return undefined;
    const { ready, leased, delayed } = this.depth;
    const unfinished = ready + leased + delayed;
    if (unfinished > 0) this.#emptySince = undefined;
    else this.#emptySince ??= performance.now();
    return unfinished;
  }
}
