#!/usr/bin/env node
/** The worker: composes broker, compute thread and loop; decides nothing. */
import { delay } from '../core/runtime/backoff.js';
import { connect } from '../core/broker/connect.js';
import { runMain, type Context, type Program } from '../core/runtime/lifecycle.js';
import { consume } from './loop.js';
import { ThreadExecutor } from '../compute/thread-executor.js';
import type { Executor } from '../compute/executor.js';
import { faultPoint } from './fault-point.js';
import { progressLogger } from './progress.js';
import { runShard } from './static.js';

runMain('worker', async (context) => {
  await using executor = new ThreadExecutor(context.config, progressLogger(context.log));
  executor.warmUp();
  // Without this await the executor would be disposed of before its work began.
  return await (context.config.QUEUE_MODE ? runQueue(context, executor) : runStatic(context, executor));
});

async function runQueue({ config, log, stop }: Context, executor: Executor): Promise<number> {
  const fault = faultPoint(config, log);
  const giveUp = after(stop, config.SHUTDOWN_GRACE_SECONDS);
  await using connected = await connect(config, log, stop, { hooks: fault.hooks, giveUp }).catch((thrown: unknown) => {
    if (stop.aborted) return null; // asked to stop before there was anything to do
    throw thrown;
  });
  if (!connected) return 0;
  const broker = fault.wrap(connected);
  log.info(
    { backend: config.QUEUE_BACKEND, node: config.NODE_NAME, up_ms: Math.round(performance.now()) },
    'worker ready',
  );
  const reason = await consume({ broker, executor, config, log, stop, giveUp });
  log.info({ reason }, 'worker leaves');
  return 0;
}

async function runStatic({ config, log, stop, out }: Program, executor: Executor): Promise<number> {
  return (await runShard(config, executor, log, stop, (line) => out.write(line))) ? 0 : 1;
}

/** Aborts `seconds` after `signal` did. */
function after(signal: AbortSignal, seconds: number): AbortSignal {
  const later = new AbortController();
  signal.addEventListener('abort', () => void delay(seconds * 1000).then(() => later.abort()), { once: true });
  return later.signal;
}
