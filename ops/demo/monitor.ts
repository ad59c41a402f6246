/** Follows the log of a run: what is known of it at any moment, and its progress once a second. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, Depth } from '../../core/broker/port.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { progressOf } from '../../core/ledger/report.js';
import { asError } from '../../core/runtime/errors.js';
import { openBroker } from '../run/observe.js';
import { Stop } from '../script/stop.js';
import type { Stage } from './stage.js';

export interface Monitor {
  /** grows while the run goes on */
  ledger: Ledger;
  /** every parameter has a result or a dead record */
  finished: () => boolean;
  close: () => Promise<void>;
}

export async function startMonitor(
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<Monitor & { broker: Broker }> {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const ledger = new Ledger(String(env.RUN_ID));
  const broker = await openBroker({ ...env, POD_NAME: 'monitor' }, both);
  let failure: Error | undefined;
  const reading = (async () => {
    for await (const entry of broker.records({ follow: both })) ledger.add(entry);
  })().catch((thrown: unknown) => void (failure = asError(thrown)));
  return {
    broker,
    ledger,
    finished: () => {
      if (failure) throw failure;
      return ledger.plan !== undefined && ledger.missing().length === 0;
    },
    close: async () => {
      over.abort();
      await reading;
      await broker[Symbol.asyncDispose]();
    },
  };
}

/** How far a run is, for people. */
export interface Progress {
  readonly runId: string;
  readonly total: number;
  readonly done: number;
  readonly dead: number;
  /** Parameters in the last second; null where that is not known yet. */
  readonly rate: number | null;
  readonly etaSeconds: number | null;
  readonly depth: Depth | undefined;
  readonly workers: number;
}

/** Shows the progress once a second until the run is finished; `show` is undefined where nobody looks. */
export async function watch(
  stage: Stage,
  monitor: Awaited<ReturnType<typeof startMonitor>>,
  { signal, show }: { signal: AbortSignal; show: ((progress: Progress) => void) | undefined },
): Promise<void> {
  const deadline = performance.now() + stage.deadlineSeconds * 1000;
  let last = { accounted: 0, at: performance.now() };
  for (;;) {
    const finished = monitor.finished();
    const { total, done, dead } = progressOf(monitor.ledger);
    const now = performance.now();
    const rate = ((done + dead - last.accounted) / (now - last.at)) * 1000;
    show?.({
      runId: monitor.ledger.runId,
      total,
      done,
      dead,
      rate: last.accounted ? rate : null,
      etaSeconds: rate > 0 ? (total - done - dead) / rate : null,
      depth: await monitor.broker.depth().catch(() => undefined),
      workers: (await stage.workers()).length,
    });
    if (finished) return;
    if (now > deadline)
      throw new Stop(
        `the run is not finished after ${stage.deadlineSeconds} s: ${done} of ${total} parameters have a result`,
        "look at the workers' logs; a longer deadline is verify.deadlineSeconds in the preset",
      );
    last = { accounted: done + dead, at: now };
    for (let i = 0; i < 10 && !monitor.finished(); i++) await sleep(100, undefined, { signal });
  }
}
