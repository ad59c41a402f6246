#!/usr/bin/env node
/** The worker: composes broker, executor and loop; decides nothing. */
import { connect } from '../core/broker/connect.js';
import { runMain, type Context, type Program } from '../core/runtime/lifecycle.js';
import { storeOf, type ExternalStore } from '../core/model/plan.js';
import type { Config } from '../core/runtime/config.js';
import type { Logger } from '../core/runtime/logger.js';
import type { Patience } from '../core/store/retry.js';
import type { ValueStore } from '../core/store/port.js';
import { keepingValues } from './keeping.js';
import { consume } from './loop.js';
import type { Executor } from '../compute/executor.js';
import { WorkerExecutor } from '../compute/worker-executor.js';
import { faultPoint } from './fault-point.js';
import { graceAfter } from './grace.js';
import { progressLogger } from './progress.js';
import { NotSettled } from './settle.js';
import { runShard } from './static.js';

runMain('worker', async (context) => {
  const executor = new WorkerExecutor(context.config, context.log, progressLogger(context.log));
  // Node waits for a thread in a system call, however long that takes, and whatever ends the process but this.
  process.on('exit', () => {
    if (executor.isStuck) process.kill(process.pid, 'SIGKILL');
  });
  await using disposed = executor;
  disposed.warmUp();
  const status = await (context.config.QUEUE_MODE ? runQueue(context, executor) : runStatic(context, executor));
  if (executor.isStuck)
    context.log.warn('the computation is in a call that cannot be interrupted: the worker ends itself by SIGKILL');
  return status;
});

async function runQueue({ config, log, stop }: Context, executor: Executor): Promise<number> {
  const fault = faultPoint(config, log);
  const grace = graceAfter(stop, config.SHUTDOWN_GRACE_SECONDS);
  const options = { hooks: fault.hooks, giveUp: grace.settling };
  await using connected = await connect(config, log, stop, options).catch((thrown: unknown) => {
    if (stop.aborted) return null; // asked to stop before there was anything to do
    throw thrown;
  });
  if (!connected) return 0;
  // Chunks are taken only where their values can be kept.
  const waiting = { stop, patienceMs: config.CONNECT_TIMEOUT_SECONDS * 1000 };
  const keeps = await readyStore(config, log, { stop: grace.settling }, waiting);
  const broker = fault.wrap(keeps ? keepingValues(connected, keeps.kind, keeps.store) : connected);
  log.info(
    { backend: config.QUEUE_BACKEND, node: config.NODE_NAME, up_ms: Math.round(performance.now()) },
    'worker ready',
  );
  try {
    const reason = await consume({ broker, executor, config, log, stop, giveUp: grace.computing });
    log.info({ reason }, 'worker leaves');
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof NotSettled)) throw thrown;
    log.error(thrown.message);
    return 1;
  }
}

async function runStatic({ config, log, stop, out }: Program, executor: Executor): Promise<number> {
  const keeps = await readyStore(config, log, { stop }, { stop });
  const write = (line: string): Promise<void> => out.write(line);
  return (await runShard(config, executor, log, stop, write, keeps)) ? 0 : 1;
}

/**
 * The store that values go to, once it can be used; undefined where they go to the log or nowhere. Those workers do not
 * load what talks to stores.
 * @param patience of the store's use; @param waiting of the wait for it
 */
async function readyStore(
  config: Config,
  log: Logger,
  patience: Patience,
  waiting: Patience,
): Promise<{ readonly kind: ExternalStore; readonly store: ValueStore } | undefined> {
  const { store: kind } = storeOf(config);
  if (!kind) return undefined;
  const { awaitStore, openStore, sayingThatItWaits } = await import('../core/store/open.js');
  const store = openStore(kind, config, patience);
  await awaitStore(openStore(kind, config, { ...waiting, waits: sayingThatItWaits(log) }));
  return { kind, store };
}
