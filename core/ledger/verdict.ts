/** Ledger → verdict: does every parameter of the run count exactly once? */
import { describeIntervals, type Interval } from '../model/interval.js';
import type { ValueFigures } from '../model/totals.js';
import type { Conflict, Ledger } from './ledger.js';
import type { DeadRecord, HaltReason } from '../wire/records.js';
import type { Side } from './duplicates.js';
import { plural } from '../runtime/words.js';

/**
 * - complete: every parameter has exactly one result, nothing is counted twice, no results contradict each other.
 * - complete with dead parameters: the same, but some have a dead letter in place of the result.
 * - incomplete: anything else.
 */
export type Outcome = 'complete' | 'complete with dead parameters' | 'incomplete';

export interface Verdict extends ValueFigures {
  readonly runId: string;
  readonly outcome: Outcome;
  /** Set where the run takes no chunks: somebody gave it up, or more of it is dead than its failure budget allows. */
  readonly halted:
    | {
        readonly reason: HaltReason;
        readonly at: string;
        readonly maxDead: number | undefined;
        /** Set where its computation cannot start, and its dead are not the reason. */
        readonly error?: string;
      }
    | undefined;
  readonly parameters: {
    readonly expected: number;
    readonly ok: number;
    readonly dead: number;
    readonly missing: number;
    /** Parameters that entered the aggregate twice: must be 0. */
    readonly duplicated: number;
  };
  readonly missing: readonly Interval[];
  readonly dead: readonly DeadRecord[];
  readonly conflicts: readonly Conflict[];
  /** Further equal records, which were not counted: harmless. */
  readonly deduplicated: number;
  readonly records: number;
  readonly undecodable: number;
  readonly recovered: number;
  /** Parameters whose values were taken from another run (run.reuse). */
  readonly reused: number;
  readonly digest: string;
  /** Of the values that are finite plain numbers. */
  readonly sum: string;
  readonly min: number | null;
  readonly max: number | null;
  /** Why it is incomplete, each with its remedy; empty when it is not. */
  readonly faults: readonly string[];
}

/** What the sum, minimum and maximum of the whole run must be, where that can be calculated. */
export interface Expected {
  readonly sumUnits: bigint;
  readonly decimals: number;
  readonly min: number;
  readonly max: number;
}

/**
 * @param expected checked only when every parameter has a result
 * @param isHere whether `ttg run` computes the run, which decides what helps
 */
export function judge(ledger: Ledger, expected?: Expected, isHere = false): Verdict {
  const missing = ledger.missing();
  const dead = ledger.dead().count;
  const ok = ledger.covered.count;
  const parameters = {
    expected: ledger.plan?.totalParameters ?? 0,
    ok,
    dead,
    missing: missing.reduce((sum, gap) => sum + gap.end - gap.start + 1, 0),
    duplicated: ledger.aggregated - ok,
  };
  const { sum, min, max } = ledger.totals.numbers.figures();
  const faults = [...findFaults(ledger, parameters, missing, isHere)];
  if (expected && faults.length === 0 && dead === 0) faults.push(...checkExpected(ledger, expected));
  return {
    runId: ledger.runId,
    outcome: faults.length > 0 ? 'incomplete' : dead > 0 ? 'complete with dead parameters' : 'complete',
    halted: ledger.halted && {
      reason: ledger.halted.reason,
      at: ledger.halted.haltedAt,
      maxDead: ledger.plan?.maxDead,
      ...(ledger.halted.error === undefined ? {} : { error: ledger.halted.error }),
    },
    parameters,
    missing,
    dead: ledger.deadRecords(),
    conflicts: ledger.conflicts,
    deduplicated: ledger.deduplicated,
    records: ledger.results,
    undecodable: ledger.undecodable.length,
    recovered: ledger.tally.recoveredCount,
    reused: ledger.tally.reused,
    digest: ledger.digest,
    sum,
    min,
    max,
    ...ledger.totals.figures(),
    faults,
  };
}

/**
 * Of a program whose answer the verdict is: 0 complete, 3 complete with dead parameters, 1 incomplete. 2 stands for
 * wrong usage or settings.
 * @param allowDead whether dead parameters are as good as results
 */
export function exitStatusOf({ outcome }: Pick<Verdict, 'outcome'>, allowDead = false): 0 | 1 | 3 {
  if (outcome === 'incomplete') return 1;
  return outcome === 'complete' || allowDead ? 0 : 3;
}

function* findFaults(
  ledger: Ledger,
  parameters: Verdict['parameters'],
  missing: readonly Interval[],
  isHere: boolean,
): Generator<string> {
  if (!ledger.plan) {
    yield (
      `the log holds no plan of ${ledger.runId}: nothing was seeded under this run id, or the log was lost. ` +
      (isHere ? 'Give the same `ttg run` again' : "Look at the seeder's log")
    );
    return;
  }
  const halt = haltFault(ledger, parameters, isHere);
  if (halt) yield halt;
  if (parameters.missing > 0) {
    yield (
      `${parameters.missing} of ${parameters.expected} parameters have neither result nor dead letter: ` +
      `${describeIntervals(missing)}` +
      (halt ? '' : `. ${isHere ? RUN_AGAIN : SEED_AGAIN}`)
    );
  }
  if (parameters.ok + parameters.dead + parameters.missing !== parameters.expected) {
    yield (
      `${parameters.ok} results + ${parameters.dead} dead + ${parameters.missing} missing are not the ` +
      `${parameters.expected} parameters of the plan: the log holds parameters outside it`
    );
  }
  if (parameters.duplicated !== 0) yield `${plural(parameters.duplicated, 'parameter')} entered the aggregate twice`;
  if (ledger.conflicts.length > 0) {
    const shown = ledger.conflicts.slice(0, 5).map((c) => `${describeIntervals([c])}: ${sidesText(c.first, c.second)}`);
    yield (
      `${plural(ledger.conflicts.length, 'interval')} ${ledger.conflicts.length === 1 ? 'has' : 'have'} unequal ` +
      `results (${shown.join('; ')}): the computation is not deterministic. The first record was counted`
    );
  }
}

/**
 * Why a halted run is incomplete, in a few words; undefined where it is not halted. A halt that came when all was done
 * changes nothing.
 */
export function haltText({
  halted,
  parameters: { dead, missing },
}: Pick<Verdict, 'halted' | 'parameters'>): string | undefined {
  if (!halted || missing === 0) return undefined;
  if (halted.error !== undefined) return `halted: ${halted.error.split('\n', 1)[0]}`;
  return halted.reason === 'cancelled' ? 'cancelled' : `halted: ${dead} of at most ${halted.maxDead} dead`;
}

function haltFault(
  { runId, halted, plan }: Ledger,
  { missing, dead }: Verdict['parameters'],
  isHere: boolean,
): string | undefined {
  if (!halted || missing === 0) return undefined;
  if (halted.reason === 'cancelled')
    return (
      `the run was cancelled at ${halted.haltedAt}: \`ttg resume ${runId}\` takes that back` +
      (isHere ? ', and then the same `ttg run` goes on' : '')
    );
  if (halted.error !== undefined)
    return (
      `the run is halted since ${halted.haltedAt}: ${halted.error}. ` +
      'Nothing is lost: mend the computation, and then ' +
      `${isHere ? 'give the same `ttg run` again' : `\`ttg resume ${runId}\``}`
    );
  return (
    `the run is halted since ${halted.haltedAt}: ${plural(dead, 'parameter')} ${dead === 1 ? 'is' : 'are'} dead, ` +
    `and its failure budget allows ${plan?.maxDead}. ${pastBudget(runId, isHere)}`
  );
}

const SEED_AGAIN = 'If nothing is queued or running, seed the same run again: only what is missing is published';
const RUN_AGAIN = 'The same `ttg run` goes on with them';

/** How a run goes on that used up its failure budget. */
export function pastBudget(runId: string, isHere: boolean): string {
  if (isHere)
    return (
      `\`ttg dlq list --run-id ${runId}\` says why they died. Mend what they need, and give the same \`ttg run\` ` +
      'again with --retry-dead; or with --set run.maxDead=N'
    );
  return (
    '`ttg dlq list` says why they died. Mend the computation, put them back by `ttg dlq replay --all`, and then ' +
    `\`ttg resume ${runId}\`; or seed the run again with a larger budget (MAX_DEAD; chart: run.maxDead)`
  );
}

/** By what tells them from each other: the sum, or where that is the same the digest. */
function sidesText(first: Side, second: Side): string {
  const alike = first.summary.sum === second.summary.sum;
  const [what, a, b] = alike ? ['digest', first.digest, second.digest] : ['sum', first.summary.sum, second.summary.sum];
  return `${what} ${a} by ${first.workerId}, then ${b} by ${second.workerId}`;
}

function* checkExpected({ totals }: Ledger, expected: Expected): Generator<string> {
  const { sum, min, max } = totals.numbers;
  if (!sum.equals(expected.sumUnits, expected.decimals)) {
    yield `the sum is ${sum.toString()}, but the computation's is ${expected.sumUnits} × 10^-${expected.decimals}`;
  }
  if (min !== expected.min || max !== expected.max) {
    yield `minimum and maximum are ${min} and ${max}, but the computation's are ${expected.min} and ${expected.max}`;
  }
}
