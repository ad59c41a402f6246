/** What one contract test works on: its own queue, workers that it can kill, and the log as anyone reads it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { Broker, ConnectOptions, Depth } from '../../core/broker/port.js';
import { loadConfig } from '../../core/runtime/config.js';
import { connect } from '../../core/broker/connect.js';
import type { Chunk } from '../../core/model/chunk.js';
import type { DeadLetter } from '../../core/wire/dead-letter.js';
import type { LogEntry, LogRecord, PlanRecord, Result, ResultRecord } from '../../core/wire/records.js';
import { chunksOf, type Plan } from '../../core/model/plan.js';
import { addressOf } from '../../ops/local/broker.js';
import { cuttableProxy, type Cuttable } from './cuttable.js';
import { openRaw, type Raw } from '../../ops/run/raw-broker.js';
import type { Reachable } from './shared.js';
import { asWorker, seeding, type HeldDelivery, type Worker } from './worker.js';
import { eventually, within } from './wait.js';

export const CREATED_AT = '2025-01-01T00:00:00.000Z';
/** A signal that nobody aborts. */
export const never = new AbortController().signal;
// 30 workers at a time listen to it.
setMaxListeners(0, never);

export interface Held {
  readonly chunkId: string;
  readonly attempt: number;
}

export interface BenchOptions {
  /** When a silent worker counts as dead (Redis). Long by default, so that a slow machine loses no lease by chance. */
  readonly staleMs?: number;
  readonly retryMs?: number;
}

export class Bench implements AsyncDisposable {
  readonly prefix = `t-${randomBytes(5).toString('hex')}`;
  readonly #broker: Reachable;
  readonly #options: BenchOptions;
  readonly #open: AsyncDisposable[] = [];
  readonly #proxies: Cuttable[] = [];
  #raw: Raw | undefined;

  constructor(broker: Reachable, options: BenchOptions = {}) {
    this.#broker = broker;
    this.#options = options;
  }

  env(name: string): Record<string, string> {
    const { staleMs = 20_000, retryMs = 500 } = this.#options;
    return {
      ...this.#broker.env,
      POD_NAME: name,
      QUEUE_PREFIX: this.prefix,
      STALE_THRESHOLD_MS: String(staleMs),
      RETRY_DELAY_MS: String(retryMs),
      STALE_CHECK_INTERVAL_SECONDS: '1',
      CONNECT_TIMEOUT_SECONDS: '60',
    };
  }

  /** A connection that is given back at the end of the test. The queue exists already. */
  async worker(name = 'w1', env: Record<string, string> = {}, options: ConnectOptions = {}): Promise<Worker> {
    const broker = await this.connectOnly(name, env, options);
    await broker.prepare();
    return broker;
  }

  /** As `worker`, but prepares nothing. */
  async connectOnly(name = 'w1', env: Record<string, string> = {}, options: ConnectOptions = {}): Promise<Worker> {
    const log = pino({ level: process.env['TTG_TEST_LOG'] ?? 'silent' });
    const broker = await connect(loadConfig({ ...this.env(name), ...env }), log, never, options);
    this.#open.push(broker);
    return asWorker(broker);
  }

  /** A worker whose connection can be cut without a goodbye, or fall silent. */
  async mortal(
    name: string,
    options: ConnectOptions = {},
  ): Promise<{ broker: Worker; die: () => void; stall: () => void; heal: () => void }> {
    const { variable, address } = addressOf(this.#broker);
    const proxy = await cuttableProxy(address);
    this.#proxies.push(proxy);
    return {
      broker: await this.worker(name, { [variable]: String(proxy.address) }, options),
      die: () => proxy.cut(),
      stall: () => proxy.stall(),
      heal: () => proxy.heal(),
    };
  }

  /** A worker process that holds `max` deliveries; resolves when it has them. */
  async holder(name: string, max: number): Promise<{ held: Held[]; kill9: () => Promise<void> }> {
    const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
    const child: ChildProcess = spawn(process.execPath, ['--import', file('./typescript.mjs'), file('./holder.ts')], {
      env: { PATH: process.env['PATH'], ...this.env(name), HOLD_MAX: String(max) },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const gone = once(child, 'exit');
    const kill9 = async () => {
      child.kill('SIGKILL');
      await gone;
    };
    this.#open.push({ [Symbol.asyncDispose]: kill9 });
    const held: Held[] = [];
    const all = (async () => {
      if (!child.stdout) return;
      for await (const line of createInterface({ input: child.stdout })) {
        held.push(JSON.parse(line) as Held);
        if (held.length === max) return;
      }
      throw new Error(`the worker process ended with ${held.length} of ${max} deliveries`);
    })();
    await within(all, 30_000, `receiving ${max} deliveries in a worker process`);
    return { held, kill9 };
  }

  async raw(): Promise<Raw> {
    this.#raw ??= await openRaw(this.#broker, this.prefix);
    return this.#raw;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What died in the test cannot say goodbye; the broker's data is thrown away with its prefix.
    await Promise.allSettled(
      this.#open.map((item) => within(Promise.resolve(item[Symbol.asyncDispose]()), 10_000, 'disposing')),
    );
    await Promise.allSettled(this.#proxies.map((proxy) => proxy[Symbol.asyncDispose]()));
    const raw = await openRaw(this.#broker, this.prefix);
    await raw.removeAll();
    await raw[Symbol.asyncDispose]();
    await this.#raw?.[Symbol.asyncDispose]();
  }
}

export function plan(chunks: number, chunkSize = 10, runId = 'run-1'): Plan {
  const totalParameters = chunks * chunkSize;
  return { runId, totalParameters, chunkSize, computation: 'builtin', keepValues: false, maxDead: totalParameters };
}

export function chunks(count: number): Chunk[] {
  return [...chunksOf(plan(count), CREATED_AT)];
}

export function planRecord(runId = 'run-1'): PlanRecord {
  return { kind: 'plan', ...plan(10, 10, runId), createdAt: CREATED_AT };
}

/** Under the right to publish, as the contract demands. */
export async function publish(broker: Pick<Broker, 'seeding'>, count: number): Promise<Chunk[]> {
  const all = chunks(count);
  await seeding(broker, (held) => held.publish(all));
  return all;
}

export function resultOf(chunk: Chunk, workerId = 'w1'): Result {
  const count = chunk.end - chunk.start + 1;
  return {
    summary: { sum: String(count / 2), count, min: 0, max: 1 },
    digest: chunk.start.toString(16).padStart(32, '0'),
    workerId,
    startedAt: CREATED_AT,
    completedAt: CREATED_AT,
    durationSeconds: 0.5,
  };
}

/** Exactly `count` deliveries, in as many calls as it takes. */
export async function receive(broker: Worker, count: number, deadlineMs = 15_000): Promise<HeldDelivery[]> {
  const got: HeldDelivery[] = [];
  const more = async () => {
    got.push(...(await broker.receive({ max: count - got.length, waitMs: 500, signal: never })));
    return got.length >= count;
  };
  await eventually(more, deadlineMs, `${count} deliveries (it was ${got.length})`).catch((error: unknown) => {
    throw new Error(`received ${got.length} of ${count}`, { cause: error });
  });
  return got;
}

export async function receiveOne(broker: Worker, deadlineMs?: number): Promise<HeldDelivery> {
  return (await receive(broker, 1, deadlineMs))[0] as HeldDelivery;
}

export async function readLog(broker: Pick<Broker, 'records'>): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const entry of broker.records()) entries.push(entry);
  return entries;
}

export async function readDeadLetters(broker: Pick<Broker, 'deadLetters'>): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const letter of broker.deadLetters()) letters.push(letter);
  return letters;
}

export async function readRecords(broker: Pick<Broker, 'records'>): Promise<LogRecord[]> {
  return (await readLog(broker)).flatMap((entry) => ('record' in entry ? [entry.record] : []));
}

export async function readResults(broker: Pick<Broker, 'records'>): Promise<ResultRecord[]> {
  return (await readRecords(broker)).filter((record) => record.kind === 'result');
}

/** What depth says, and `unfinished`: ready and leased together, which no prefetch shifts. */
export type Reading = Depth & { readonly unfinished: number };

/** RabbitMQ's numbers are statistics, up to some seconds old: a depth is awaited, never read once. */
export async function reachesDepth(broker: Pick<Broker, 'depth'>, wanted: Partial<Reading>): Promise<void> {
  let last: Reading | undefined;
  const reached = async () => {
    const depth = await broker.depth();
    const reading = (last = { ...depth, unfinished: depth.ready + depth.leased });
    return (Object.keys(wanted) as (keyof Reading)[]).every((key) => reading[key] === wanted[key]);
  };
  await eventually(reached, 20_000, `a depth of ${JSON.stringify(wanted)}`).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}; last depth: ${JSON.stringify(last)}`);
  });
}
