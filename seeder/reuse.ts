/**
 * `run.reuse`: values of equal parameters under an equal computation are taken from an earlier run: of the same log, or
 * of the folders of `ttg run`. So a run that grew costs only what is new. Their digests are made anew, since a digest is of index and value.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { Summariser } from '../compute/summarise.js';
import type { Broker } from '../core/broker/port.js';
import { readLedger, type Ledger } from '../core/ledger/ledger.js';
import { IntervalSet, type Interval } from '../core/model/interval.js';
import { ParameterIndex } from '../core/model/parameter-index.js';
import { chunkId, chunksIn, chunksOf, type Plan } from '../core/model/plan.js';
import { sweepChanges } from '../core/model/sweep-changes.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Logger } from '../core/runtime/logger.js';
import { computesOf } from '../core/sweep/computes.js';
import { sweepOfPlan } from '../core/sweep/read.js';
import type { FetchValues } from '../core/store/read-values.js';
import { Spool } from '../core/table/spool.js';
import type { Value } from '../core/model/value.js';
import { valueText } from '../core/model/value-text.js';
import { reusedBy } from '../core/wire/reused.js';
import type { ResultRecord } from '../core/wire/records.js';

export interface Reuse extends Disposable {
  /** Parameters that need not be computed. */
  readonly reused: IntervalSet;
  /** How many records that makes. */
  readonly pieces: number;
  records(): Generator<ResultRecord>;
}

/** A run as its values are taken from it. */
interface EarlierRun extends Pick<Broker, 'records'> {
  readonly runId: string;
  readonly fetchValues: FetchValues;
}

/** Runs that are not in the log of the broker. */
export interface ElsewhereRuns {
  /** @throws ConfigError where nothing may be taken from it now */
  find(runId: string): EarlierRun | undefined;
  /** That it is in neither place, and what to do. */
  missing(runId: string): string;
}

export interface Search {
  readonly broker: Pick<Broker, 'records'>;
  /** Of values that lie outside of the broker's log. */
  readonly fetchValues: FetchValues;
  readonly elsewhere: ElsewhereRuns | undefined;
  readonly plan: Plan;
  /** What would be published otherwise. */
  readonly wanted: readonly Interval[];
  /** The run to take values from; empty: none. */
  readonly from: string;
  readonly runs: ReadonlyMap<string, Ledger>;
  /** The run was seeded before: what cannot be reused any more is computed. */
  readonly resumes: boolean;
  readonly log: Logger;
  readonly stop: AbortSignal;
}

/** So many parameters are looked up at a time: the seeder's lock has to be renewed meanwhile. */
const AT_ONCE = 20_000;

/** For each parameter of the new run 1 + that of the earlier one, or 0. */
type Sources = Uint32Array;

/**
 * Changes nothing.
 * @returns undefined where there is nothing to be taken
 * @throws ConfigError where the earlier run is not there, kept no values, or computed something else
 */
export async function findReusable(search: Search): Promise<Reuse | undefined> {
  const { broker, fetchValues, elsewhere, plan, wanted, from, runs, resumes, log, stop } = search;
  if (from === '' || wanted.length === 0) return undefined;
  const other = runs.get(from)?.plan || from === plan.runId ? undefined : elsewhere?.find(from);
  const source: EarlierRun = other ?? { runId: from, records: () => broker.records(), fetchValues };
  const earlier = other ? await readLedger(() => other.records(), other.runId) : runs.get(from);
  const refusal = refusalOf(search, earlier);
  if (refusal === undefined && earlier?.plan) {
    const sources = await match(plan, earlier.plan, earlier.covered, wanted);
    const spool = new Spool(() => undefined);
    try {
      await readLedger(() => source.records(), source.runId, spool);
      await spool.fetch(source.fetchValues);
    } catch (error) {
      spool[Symbol.dispose]();
      throw error;
    }
    return new Taking(plan, from, wanted, { sources, spool, stop });
  }
  if (!resumes) throw new ConfigError(`${refusal}. Nothing was published`);
  log.warn(
    { run_id: plan.runId, reuse: from, reason: refusal },
    'no further values can be taken: the rest is computed',
  );
  return undefined;
}

/** Why nothing can be taken from this run, and what to do; undefined where it can. */
function refusalOf({ plan, from, runs, elsewhere }: Search, earlier: Ledger | undefined): string | undefined {
  const name = `RUN_REUSE=${from} (chart: run.reuse)`;
  if (from === plan.runId) return `${name} is the run itself: name an earlier one, or leave it out`;
  if (!earlier?.plan) {
    if (elsewhere) return elsewhere.missing(from);
    const known = [...runs.values()].filter((run) => run.plan && run.runId !== plan.runId).map(({ runId }) => runId);
    const knows = known.length > 0 ? `it knows ${known.join(', ')}` : 'it holds no other run';
    return `${name}: the log holds no such run (${knows}). Name one of the same broker and QUEUE_PREFIX, or leave it out`;
  }
  if (!earlier.plan.keepValues)
    return `${name}: that run kept no values, which could be taken: leave it out, and seed with results.store: log (RESULTS_STORE=log) what is to be reused later`;
  return undefined;
}

/** @throws ConfigError where something else is computed */
async function match(plan: Plan, earlier: Plan, recorded: IntervalSet, wanted: readonly Interval[]): Promise<Sources> {
  const [now, then] = await Promise.all([sweepOfPlan(plan), sweepOfPlan(earlier)]);
  const computes = computesOf(plan.computation, now);
  if (computes.id !== computesOf(earlier.computation, then).id) throw new ConfigError(differs(plan, earlier));
  const sources: Sources = new Uint32Array(plan.totalParameters);
  const columns = now?.parameters.columns.length ? now.parameters : undefined;
  const those = then?.parameters.columns.length ? then.parameters : undefined;
  // Where one has columns and the other has none, no parameters are equal.
  if ((columns === undefined) !== (those === undefined)) return sources;
  const has = (index: number): boolean => recorded.overlap({ start: index, end: index }) > 0;
  const take = await finder();
  const isWanted = IntervalSet.of(wanted);
  // All of them: of equal parameters the first answers the first, also where the first is not wanted any more.
  for (let index = 0; index < plan.totalParameters; index++) {
    if (index % AT_ONCE === 0) await breathe();
    const found = take(index);
    if (found !== undefined && isWanted.overlap({ start: index, end: index }) > 0) sources[index] = found + 1;
  }
  return sources;

  async function finder(): Promise<(index: number) => number | undefined> {
    if (!columns || !those) return (index) => (has(index) ? index : undefined);
    const same = (index: number): boolean => valueText(columns.at(index)) === valueText(those.at(index));
    if (computes.byIndex) return (index) => (has(index) && same(index) ? index : undefined);
    const byColumns = await ParameterIndex.of((index) => those.at(index), recorded.intervals());
    return (index) => byColumns.take(columns.at(index));
  }
}

function differs(plan: Plan, earlier: Plan): string {
  const changes =
    plan.sweep && earlier.sweep
      ? sweepChanges(
          { ...earlier.sweep, parameters: {}, table: undefined },
          { ...plan.sweep, parameters: {}, table: undefined },
        )
      : [];
  const how = changes.length > 0 ? changes.join(', ') : `${earlier.computation} → ${plan.computation}`;
  return (
    `RUN_REUSE=${earlier.runId} (chart: run.reuse): that run computed something else (${how}), so its values are not ` +
    'those of this run: leave it out. Nothing was published'
  );
}

class Taking implements Reuse {
  readonly reused = new IntervalSet();
  readonly pieces: number;
  readonly #plan: Plan;
  readonly #from: string;
  readonly #sources: Sources;
  readonly #spool: Spool;
  readonly #stop: AbortSignal;

  constructor(
    plan: Plan,
    from: string,
    wanted: readonly Interval[],
    { sources, spool, stop }: { sources: Sources; spool: Spool; stop: AbortSignal },
  ) {
    for (const { start, end } of wanted)
      for (let index = start; index <= end; index++) if (sources[index]) this.reused.add({ start: index, end: index });
    this.pieces = chunksIn(plan, this.reused.intervals());
    this.#plan = plan;
    this.#from = from;
    this.#sources = sources;
    this.#spool = spool;
    this.#stop = stop;
  }

  *records(): Generator<ResultRecord> {
    const read = this.#spool.reader();
    const at = new Date().toISOString();
    for (const piece of chunksOf(this.#plan, at, this.reused.intervals())) {
      if (this.#stop.aborted) return;
      const summariser = new Summariser(this.#plan.keepValues, this.#plan.computation !== 'builtin');
      for (let index = piece.start; index <= piece.end; index++)
        summariser.add(index, this.#valueOf(read, (this.#sources[index] as number) - 1));
      yield {
        kind: 'result',
        runId: this.#plan.runId,
        chunkId: chunkId(this.#plan, piece),
        start: piece.start,
        end: piece.end,
        summary: summariser.summary(),
        digest: summariser.digest(),
        ...summariser.kept(),
        workerId: reusedBy(this.#from),
        attempt: 1,
        startedAt: at,
        completedAt: at,
        durationSeconds: 0,
      };
    }
  }

  [Symbol.dispose](): void {
    this.#spool[Symbol.dispose]();
  }

  #valueOf(read: ReturnType<Spool['reader']>, source: number): Value {
    const value = read(source)?.value;
    if (value !== undefined) return value;
    // A record without its values in a log whose plan keeps them was written by somebody else.
    throw new ConfigError(
      `RUN_REUSE=${this.#from} (chart: run.reuse): parameter ${source} of that run has a record without its value: leave it out`,
    );
  }
}
