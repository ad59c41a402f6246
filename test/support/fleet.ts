/**
 * A whole run as processes of this machine: the seeder once, and workers that are replaced when they end, as KEDA
 * would.
 */
import { pino } from 'pino';
import type { Broker } from '../../core/broker/port.js';
import { loadConfig } from '../../core/runtime/config.js';
import { connect } from '../../core/broker/connect.js';
import { Ledger, readLedger } from '../../core/ledger/ledger.js';
import { makeProcesses } from '../../ops/local/fleet.js';
import { askTtg, type Answer } from '../../ops/programs.js';
import type { Reachable } from './shared.js';
import { eventually } from './wait.js';

const silent = pino({ level: 'silent' });
const never = new AbortController().signal;

export interface Fleet {
  /** The log as it is at the end. */
  readonly ledger: Ledger;
  /** Connected still; disposed of with the fleet. */
  readonly broker: Broker;
  /** Worker processes that were started, and how many of them a signal ended. */
  readonly started: number;
  readonly killed: number;
  readonly seconds: number;
}

export interface FleetOptions {
  readonly env: Record<string, string>;
  readonly workers: number;
  readonly deadlineMs: number;
  /** When the run is over; by default when no parameter is missing. */
  readonly finished?: (live: Ledger) => boolean;
}

/** Runs `ttg` to its end. */
export const ttg = (env: Record<string, string>, ...args: string[]): Promise<Answer> => askTtg(env, args);

/** The environment of every process of a run, and of `ttg`. */
export function fleetEnv(broker: Reachable, env: Record<string, string>): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    ...broker.env,
    QUEUE_MODE: 'true',
    SIMULATE_WORK_MS: '0',
    LOG_LEVEL: 'WARNING',
    ...env,
  };
}

/** Resolves when no parameter is missing any more; the workers are ended then. */
export async function runFleet({
  env,
  workers,
  deadlineMs,
  finished = (live) => live.isFinished,
}: FleetOptions): Promise<Fleet & AsyncDisposable> {
  const began = performance.now();
  const processes = makeProcesses({});
  const seeder = processes.start('seeder', 'seeder', env);
  await seeder.exited;
  if (seeder.child.exitCode !== 0) throw new Error(`the seeder ended with ${seeder.child.exitCode}\n${seeder.log}`);
  const broker = await connect(loadConfig({ ...env, POD_NAME: 'observer' }), silent, never);
  const live = new Ledger(env['RUN_ID'] ?? 'run-1');
  const over = new AbortController();
  const following = (async () => {
    for await (const record of broker.records({ follow: over.signal })) live.add(record);
  })();
  let seconds: number;
  let killed: number;
  let started = 0;
  try {
    await eventually(
      () => {
        while (processes.running('worker').length < workers) processes.start('worker', `worker-${++started}`, env);
        return finished(live);
      },
      deadlineMs,
      'the end of the run',
    ).catch((error: unknown) => {
      const said = processes.all('worker').at(-1)?.log.slice(-2000);
      throw new Error(`missing: ${JSON.stringify(live.missing())}; the last worker said:\n${said}`, { cause: error });
    });
    seconds = (performance.now() - began) / 1000;
    killed = processes.all('worker').filter(({ child }) => child.signalCode !== null).length;
  } finally {
    over.abort();
    await processes.end();
    await following;
  }
  const ledger = await readLedger(() => broker.records(), live.runId);
  return {
    ledger,
    broker,
    started,
    killed,
    seconds,
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}
