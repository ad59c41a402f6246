/** Where a verb reads the log from: the broker, the logs of a static Job's pods, or files with such logs. */
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Broker, Depth } from '../core/broker/port.js';
import type { Config } from '../core/runtime/config.js';
import { connect } from '../core/broker/connect.js';
import { patientDepth } from '../core/broker/patience.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Context } from '../core/runtime/lifecycle.js';
import type { LogEntry } from '../core/wire/records.js';
import { planOf } from '../core/model/plan.js';
import { sweepOfConfig } from '../core/sweep/of-config.js';
import { parseRecordLine } from '../core/wire/static-log.js';
import { podLogs, podsAreActive } from './pod-logs.js';
import { noSuchRun } from './run-folder.js';

export interface Source extends AsyncDisposable {
  records(options?: { readonly follow?: AbortSignal }): AsyncIterable<LogEntry>;
  /** undefined where there is no queue. */
  readonly broker: Broker | undefined;
  /**
   * Waits for statistics that do not answer yet. undefined where there is no queue.
   * @param patienceMs about half a minute without it
   */
  depth(patienceMs?: number): Promise<Depth | undefined>;
  /** Share of the broker's memory limit that is used; undefined where there is none or it does not tell. */
  memoryShare(): Promise<number | undefined>;
  /** Whether something of the run may still be under way: chunks in the queue, or pods of the static Job. */
  isActive(): Promise<boolean>;
  /** Indexed workers whose shares of the parameters are known: static mode. */
  readonly shards: number | undefined;
}

/** @param directory of files with static mode's logs, one a pod */
export async function openSource({ config, log, stop }: Context, directory?: string): Promise<Source> {
  if (directory !== undefined) {
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
      throw new ConfigError(
        `--logs ${directory}: no such directory. Name the one that holds the pods' logs, one file a pod`,
      );
    return staticSource(
      config,
      () => fileLines(directory),
      () => Promise.resolve(false),
    );
  }
  if (!config.QUEUE_MODE) {
    if (!config.STATIC_JOB_NAME)
      throw new ConfigError(
        `${noSuchRun(config.RUN_ID)}. In static mode, name the Job in STATIC_JOB_NAME, or a directory with its pods' logs by --logs`,
      );
    return staticSource(
      config,
      () => podLogs(config),
      () => podsAreActive(config),
    );
  }
  const broker: Broker = await connect(config, log, stop);
  return {
    shards: undefined,
    broker,
    records: (options) => broker.records(options),
    depth: (patienceMs) => patientDepth(broker, stop, patienceMs),
    memoryShare: async () => {
      const { memoryUsed, memoryLimit } = await broker.capacity();
      return memoryUsed === undefined || memoryLimit === undefined ? undefined : memoryUsed / memoryLimit;
    },
    isActive: async () => {
      const { ready, leased, delayed } = await patientDepth(broker, stop);
      return ready + leased + delayed > 0;
    },
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

type Lines = AsyncIterable<{ readonly line: string; readonly position: string }>;

function staticSource(config: Config, lines: () => Lines, isActive: () => Promise<boolean>): Source {
  return {
    shards: config.TOTAL_WORKERS,
    broker: undefined,
    records: () => staticRecords(config, lines()),
    depth: () => Promise.resolve(undefined),
    memoryShare: () => Promise.resolve(undefined),
    isActive,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Static mode writes no plan: the one it was started with is that of the environment. */
async function* staticRecords(config: Config, lines: Lines): AsyncIterable<LogEntry> {
  yield {
    position: 'environment',
    record: { kind: 'plan', ...planOf(config, await sweepOfConfig(config)), createdAt: '' },
  };
  for await (const { line, position } of lines) {
    const entry = parseRecordLine(line, position);
    if (entry) yield entry;
  }
}

async function* fileLines(directory: string): Lines {
  for (const name of readdirSync(directory).sort()) {
    let n = 0;
    if (statSync(join(directory, name)).isDirectory()) continue;
    for await (const line of createInterface({ input: createReadStream(join(directory, name)) }))
      yield { line, position: `${name}:${++n}` };
  }
}
