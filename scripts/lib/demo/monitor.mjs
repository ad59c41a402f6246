/** Follows the log of a run: what is known of it at any moment, and a line a second for people. */
import { setTimeout as sleep } from 'node:timers/promises';
import { statusText } from '../../../dist/cli/text.js';
import { Ledger } from '../../../dist/core/ledger/ledger.js';
import { progressOf } from '../../../dist/core/ledger/report.js';
import { Stop } from '../steps.mjs';
import { openBroker } from './broker.mjs';

/**
 * @typedef {object} Monitor
 * @property {import('../../../dist/core/ledger/ledger.js').Ledger} ledger grows while the run goes on
 * @property {() => boolean} finished every parameter has a result or a dead record
 * @property {() => Promise<void>} close
 */

/**
 * @param {Record<string, string>} env
 * @param {AbortSignal} signal
 * @returns {Promise<Monitor & { broker: import('../../../dist/core/broker/port.js').Broker }>}
 */
export async function startMonitor(env, signal) {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const ledger = new Ledger(String(env.RUN_ID));
  const broker = await openBroker({ ...env, POD_NAME: 'monitor' }, both);
  /** @type {unknown} */
  let failure;
  const reading = (async () => {
    for await (const entry of broker.records({ follow: both })) ledger.add(entry);
  })().catch((thrown) => (failure = thrown));
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

/**
 * Prints a line a second until the run is finished.
 * @param {import('./stage.mjs').Stage} stage
 * @param {Awaited<ReturnType<typeof startMonitor>>} monitor
 * @param {{ run: import('../steps.mjs').Run, quiet: boolean }} options
 */
export async function watch(stage, monitor, { run, quiet }) {
  const deadline = performance.now() + stage.deadlineSeconds * 1000;
  let last = { accounted: 0, at: performance.now() };
  for (;;) {
    const finished = monitor.finished();
    const { total, done, dead } = progressOf(monitor.ledger);
    const now = performance.now();
    const rate = ((done + dead - last.accounted) / (now - last.at)) * 1000;
    if (!quiet) {
      const depth = await monitor.broker.depth().catch(() => undefined);
      const status = statusText({
        runId: monitor.ledger.runId,
        total,
        done,
        dead,
        rate: last.accounted ? rate : null,
        etaSeconds: rate > 0 ? (total - done - dead) / rate : null,
        depth,
      });
      run.print(`${status.trimEnd()}  workers: ${(await stage.workers()).length}`);
    }
    if (finished) return;
    if (now > deadline)
      throw new Stop(
        `the run is not finished after ${stage.deadlineSeconds} s: ${done} of ${total} parameters have a result`,
        "look at the workers' logs; a longer deadline is verify.deadlineSeconds in the preset",
      );
    last = { accounted: done + dead, at: now };
    for (let i = 0; i < 10 && !monitor.finished(); i++) await sleep(100, undefined, { signal: run.signal });
  }
}
