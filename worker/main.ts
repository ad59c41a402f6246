#!/usr/bin/env node
/** The worker: composes broker, executor and loop; decides nothing. */
import { connect } from '../core/broker/connect.js';
import { runMain, type Context, type Program } from '../core/runtime/lifecycle.js';
import { storeOf } from '../core/model/plan.js';
import { awaitStore, openStore } from '../core/store/open.js';
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
  const { store: kind } = storeOf(config);
  const store = kind && openStore(kind, config, { stop: grace.settling });
  // Chunks are taken only where their values can be kept.
  if (kind && store)
    await awaitStore(openStore(kind, config, { stop, patienceMs: config.CONNECT_TIMEOUT_SECONDS * 1000 }));
  const broker = fault.wrap(kind && store ? keepingValues(connected, kind, store) : connected);
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
  const { store: kind } = storeOf(config);
  const store = kind && openStore(kind, config, { stop });
  if (store) await awaitStore(store);
  const write = (line: string): Promise<void> => out.write(line);
  return (await runShard(config, executor, log, stop, write, kind && store && { kind, store })) ? 0 : 1;
}
