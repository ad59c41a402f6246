/** Two looks at log and queue, some seconds apart, or why they could not be had. */
import { eachWithin, within } from '../../core/broker/patience.js';
import { delay } from '../../core/runtime/backoff.js';
import type { Config } from '../../core/runtime/config.js';
import { asError, BrokerAway, CredentialsRefused } from '../../core/runtime/errors.js';
import { IntervalSet, size } from '../../core/model/interval.js';
import { readLedger, type Ledger } from '../../core/ledger/ledger.js';
import type { Context } from '../../core/runtime/lifecycle.js';
import { makeReport, progressOf } from '../../core/ledger/report.js';
import { openSource, type Source } from '../source.js';
import type { BrokerFacts, CauseOfDeath, Look, Observation } from './facts.js';

/** Whoever asks why has no use for a long wait: a broker that is up answers at once. */
const CONNECT_SECONDS = 6;
/** So does one that is asked something, also where a page of a long log comes over a slow line. */
const ANSWER_MS = 10_000;
const STEP_MS = 500;
/** A broker takes connections before its statistics answer; whoever asks why does not wait for them long. */
const DEPTH_PATIENCE_MS = 3000;
const DEAD_LISTED = 20;

export interface LookOptions {
  /** How long to watch for a sign of motion; a run that moves is seen sooner. */
  readonly seconds: number;
  /** Of the broker as its users name it, where a port-forward stands in between. */
  readonly where?: string | undefined;
  /** Directory with the logs of static mode's pods. */
  readonly logs?: string | undefined;
}

/**
 * Two looks, or why they could not be had: at whatever moment the broker goes away, that is a fact like any other.
 * @throws what the logs of static mode throw, and anything once `stop` has aborted
 */
export async function lookTwice(context: Context, options: LookOptions): Promise<BrokerFacts> {
  const { config, stop } = context;
  try {
    return await looks(context, options);
  } catch (thrown) {
    if (stop.aborted || options.logs !== undefined || !config.QUEUE_MODE) throw thrown;
    return { reach: reachOf(thrown), where: options.where ?? addressOf(config), reason: asError(thrown).message };
  }
}

function reachOf(thrown: unknown): 'silent' | 'refused' | 'unusable' {
  if (thrown instanceof BrokerAway) return 'silent';
  return thrown instanceof CredentialsRefused ? 'refused' : 'unusable';
}

const addressOf = (config: Config): string =>
  config.QUEUE_BACKEND === 'redis'
    ? `${config.REDIS_HOST}:${config.REDIS_PORT}`
    : `${config.RABBITMQ_HOST}:${config.RABBITMQ_PORT}`;

async function looks(context: Context, { seconds, logs }: LookOptions): Promise<BrokerFacts> {
  const { config, stop } = context;
  const patience = Math.min(config.CONNECT_TIMEOUT_SECONDS, CONNECT_SECONDS);
  await using opened = await openSource({ ...context, config: { ...config, CONNECT_TIMEOUT_SECONDS: patience } }, logs);
  const source = opened.broker ? impatient(opened) : opened;
  const first = await look(source, config.RUN_ID);
  if (isOver(first)) return { reach: 'answers', first, last: first };
  let last = first;
  // A snapshot of logs does not change.
  let took = 0;
  const until = logs === undefined ? first.at + seconds * 1000 : 0;
  while (Date.now() < until && !stop.aborted) {
    // Reading a long log takes its time: no more than half of ours.
    await delay(Math.max(STEP_MS, took), stop);
    const began = performance.now();
    last = await look(source, config.RUN_ID);
    took = performance.now() - began;
    if (last.done + last.dead > first.done + first.dead && last.at - first.at >= STEP_MS * 2) break;
  }
  return { reach: 'answers', first, last };
}

type Looked = Pick<Source, 'records' | 'depth' | 'memoryShare' | 'shards'>;

/** A broker that falls silent is not waited for, whatever it is being asked. */
const impatient = (source: Source): Looked => ({
  shards: source.shards,
  records: () => eachWithin(source.records(), ANSWER_MS),
  depth: (patienceMs) => within(source.depth(patienceMs), ANSWER_MS),
  memoryShare: () => within(source.memoryShare(), ANSWER_MS),
});

const isOver = ({ total, done, dead }: Look): boolean => total > 0 && done + dead >= total;

/** What a Config says of the run that an Observation needs. */
export function aboutRun({ config }: Pick<Context, 'config'>): Pick<Observation, 'runId' | 'backend'> {
  return { runId: config.RUN_ID, backend: config.QUEUE_MODE ? config.QUEUE_BACKEND : 'static' };
}

async function look(source: Looked, runId: string): Promise<Look> {
  const depth = await source.depth(DEPTH_PATIENCE_MS).catch(unlessAway);
  const ledger = await readLedger(() => source.records(), runId);
  const { total, done, dead } = progressOf(ledger);
  const known = IntervalSet.of([...ledger.seeded, ...ledger.covered.intervals(), ...ledger.dead().intervals()]);
  const unseeded = source.shards === undefined && total > 0 ? known.gaps({ start: 0, end: total - 1 }) : [];
  return {
    at: Date.now(),
    total,
    done,
    dead,
    depth,
    unseeded: IntervalSet.of(unseeded).count,
    lastResultAt: time(ledger.tally.lastCompletedAt),
    seededAt: time(ledger.seeded.at(-1)?.confirmedAt),
    rate: makeReport(ledger).parametersPerSecond,
    deadLetters: ledger
      .deadRecords()
      .toSorted((a, b) => a.start - b.start)
      .slice(0, DEAD_LISTED)
      .map(({ start, end, attempts, error }) => ({ start, end, attempts, error })),
    memoryShare: await source.memoryShare().catch(unlessAway),
    halted: haltOf(ledger),
  };
}

/** What a broker does not tell is unknown; one that is away does not tell anything. */
function unlessAway(thrown: unknown): undefined {
  if (thrown instanceof BrokerAway) throw thrown;
}

function haltOf(ledger: Ledger): Look['halted'] {
  if (!ledger.halted || !ledger.plan) return undefined;
  const causes = new Map<string, CauseOfDeath>();
  for (const record of ledger.deadRecords()) {
    const name = record.stackId || record.error;
    const { parameters, error, whole } = causes.get(name) ?? { parameters: 0, error: record.error, whole: false };
    causes.set(name, { parameters: parameters + size(record), error, whole: whole || size(record) > 1 });
  }
  const commonest = [...causes.values()].toSorted((a, b) => b.parameters - a.parameters)[0];
  return { reason: ledger.halted.reason, maxDead: ledger.plan.maxDead, commonest };
}

const time = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
