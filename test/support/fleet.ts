/** A whole run as processes of this machine: the seeder once, and workers that are replaced when they end, as KEDA would. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { Broker } from '../../core/broker/port.js';
import { loadConfig } from '../../core/runtime/config.js';
import { connect } from '../../core/broker/connect.js';
import { Ledger, readLedger } from '../../core/ledger/ledger.js';
import type { Reachable } from './shared.js';
import { eventually } from './wait.js';

const entry = (program: string): string => fileURLToPath(new URL(`../../dist/${program}/main.js`, import.meta.url));
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
export function ttg(
  env: Record<string, string>,
  ...args: string[]
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [entry('cli'), ...args], { env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      resolve({ status: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

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
  const seeder = start('seeder', { ...env, POD_NAME: 'seeder' });
  const [status] = (await once(seeder, 'exit')) as [number | null];
  if (status !== 0) throw new Error(`the seeder ended with ${status}`);
  const broker = await connect(loadConfig({ ...env, POD_NAME: 'observer' }), silent, never);
  const all: ChildProcess[] = [];
  const running = (): ChildProcess[] => all.filter((child) => child.exitCode === null && child.signalCode === null);
  const live = new Ledger(env['RUN_ID'] ?? 'run-1');
  const over = new AbortController();
  const following = (async () => {
    for await (const record of broker.records({ follow: over.signal })) live.add(record);
  })();
  let seconds: number;
  let killed: number;
  try {
    await eventually(
      () => {
        while (running().length < workers) all.push(start('worker', { ...env, POD_NAME: `worker-${all.length + 1}` }));
        return finished(live);
      },
      deadlineMs,
      'the end of the run',
    ).catch((error: unknown) => {
      throw new Error(`missing: ${JSON.stringify(live.missing())}`, { cause: error });
    });
    seconds = (performance.now() - began) / 1000;
    killed = all.filter((child) => child.signalCode !== null).length;
  } finally {
    over.abort();
    await Promise.all(
      running().map((child) => {
        child.kill('SIGTERM');
        return once(child, 'exit');
      }),
    );
    await following;
  }
  const ledger = await readLedger(() => broker.records(), live.runId);
  return {
    ledger,
    broker,
    started: all.length,
    killed,
    seconds,
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

function start(program: string, env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [entry(program)], {
    env,
    stdio: ['ignore', process.env['TTG_TEST_LOG'] ? 'inherit' : 'ignore', 'inherit'],
  });
}
