/** Certificate against log: whether the log still says what was certified, and if not, about which parameters. */
import { canonicalJson } from '../model/canonical.js';
import { Digest } from '../model/digest.js';
import { describeIntervals, IntervalSet, type Interval } from '../model/interval.js';
import { deadOf, intervalsOf, type Account, type Certificate } from './issue.js';

export interface Difference {
  /** What differs; undefined where no parameter can be named. */
  readonly parameters: readonly Interval[];
  readonly what: string;
}

export interface Check {
  readonly intact: boolean;
  readonly differences: readonly Difference[];
  /** What is different and harmless. */
  readonly notes: readonly string[];
}

/**
 * @param account on the certificate's own grid
 */
export function checkCertificate(certificate: Certificate, account: Account): Check {
  const differences = [
    ...contradictions(certificate),
    ...planDifferences(certificate, account),
    ...recordDifferences(certificate, account),
    ...intervalDifferences(certificate, account),
  ];
  return { intact: differences.length === 0, differences, notes: [...notesOn(certificate, account)] };
}

export function differenceText({ parameters, what }: Difference): string {
  return parameters.length > 0 ? `parameters ${describeIntervals(parameters)}: ${what}` : what;
}

/** A certificate that was changed by hand, or cut short. */
function* contradictions({ plan, intervals, aggregate, parameters }: Certificate): Generator<Difference> {
  const digest = new Digest();
  for (const each of intervals) digest.addDigest(each.digest);
  const sums = intervals.reduce((sum, { ok, dead }) => ({ ok: sum.ok + ok, dead: sum.dead + dead }), {
    ok: 0,
    dead: 0,
  });
  const tiled =
    intervals.every(({ start }, i) => start === (i === 0 ? 0 : (intervals[i - 1] as Interval).end + 1)) &&
    intervals.at(-1)?.end === plan.totalParameters - 1;
  if (digest.toString() !== aggregate.digest || sums.ok !== parameters.ok || sums.dead !== parameters.dead || !tiled) {
    yield { parameters: [], what: 'the certificate contradicts itself: its intervals do not add up to its run' };
  }
}

function* planDifferences({ plan }: Certificate, { ledger }: Account): Generator<Difference> {
  const live = ledger.plan;
  const whole = [{ start: 0, end: plan.totalParameters - 1 }];
  if (!live) yield { parameters: whole, what: `the log holds no plan of ${plan.runId}: it was lost or truncated` };
  else if (live.chunkSize !== plan.chunkSize || live.computation !== plan.computation)
    yield { parameters: whole, what: 'the log holds another plan' };
  else if (live.totalParameters < plan.totalParameters) {
    yield {
      parameters: [{ start: live.totalParameters, end: plan.totalParameters - 1 }],
      what: `the log's plan ends at ${live.totalParameters - 1}`,
    };
  }
}

function* recordDifferences(certificate: Certificate, { ledger, digests }: Account): Generator<Difference> {
  const known = IntervalSet.of(certificate.conflicts);
  const unknown = IntervalSet.of(ledger.conflicts.flatMap((conflict) => known.gaps(conflict))).intervals();
  if (unknown.length > 0) yield { parameters: unknown, what: 'the log holds unequal results' };
  if (digests.inconsistent.length > 0)
    yield { parameters: digests.inconsistent, what: 'the values of the record are not those of its digest' };
  if (ledger.results < certificate.records.results) {
    yield {
      parameters: [],
      what: `the log holds ${ledger.results} result records, certified were ${certificate.records.results}`,
    };
  }
  const unconfirmed = IntervalSet.of(ledger.seeded).gaps({ start: 0, end: certificate.plan.totalParameters - 1 });
  const attempted = certificate.parameters.attempted - (certificate.parameters.acknowledged ?? 0);
  if (certificate.parameters.acknowledged !== null && IntervalSet.of(unconfirmed).count > attempted) {
    yield { parameters: unconfirmed, what: 'the log does not say any more that they were published' };
  }
  const undecodable = ledger.undecodable.slice(certificate.records.undecodable);
  if (undecodable.length > 0) {
    const shown = undecodable.slice(0, 5).map(({ position }) => position);
    yield {
      parameters: [],
      what: `${undecodable.length} more records cannot be decoded, for example at ${shown.join(', ')} of the log`,
    };
  }
}

function* intervalDifferences(certificate: Certificate, { ledger, digests }: Account): Generator<Difference> {
  const live = intervalsOf(ledger, digests);
  const deadNow = new Set(deadOf(ledger).map(canonicalJson));
  const altered = certificate.dead.filter(
    (each) => ledger.dead().overlap(each) > 0 && !deadNow.has(canonicalJson(each)),
  );
  if (altered.length > 0) yield { parameters: altered, what: 'their dead records were changed, or they died again' };
  const wasDead = IntervalSet.of(certificate.dead);
  for (const [i, was] of certificate.intervals.entries()) {
    const is = live[i];
    if (!is) continue;
    const piece = { start: was.start, end: was.end };
    if (is.ok !== was.ok)
      yield { parameters: changed(piece, ledger.covered, wasDead), what: `${is.ok} results, certified were ${was.ok}` };
    else if (is.digest !== was.digest)
      yield { parameters: [piece], what: `the results are others: digest ${is.digest}, certified was ${was.digest}` };
    else if (is.sum !== was.sum || is.min !== was.min || is.max !== was.max) {
      yield {
        parameters: [piece],
        what: `sum ${is.sum}, min ${is.min}, max ${is.max}; certified were ${was.sum}, ${was.min}, ${was.max}`,
      };
    } else if (is.records !== was.records)
      yield {
        parameters: [piece],
        what: 'the values are those that were certified, but something else in their records was changed',
      };
    if (is.dead !== was.dead && is.ok === was.ok)
      yield { parameters: [piece], what: `${is.dead} dead parameters, certified were ${was.dead}` };
  }
}

/** Without a result and not certified as dead; or dead then, with a result now, as after a replay. */
function changed(piece: Interval, covered: IntervalSet, wasDead: IntervalSet): Interval[] {
  const without = covered.gaps(piece).flatMap((gap) => wasDead.gaps(gap));
  if (without.length > 0) return without;
  const died = IntervalSet.of(wasDead.gaps(piece)).gaps(piece);
  return died.length > 0 ? died : [piece];
}

function* notesOn({ plan, records }: Certificate, { ledger }: Account): Generator<string> {
  const total = ledger.plan?.totalParameters ?? 0;
  if (total > plan.totalParameters)
    yield `the run was extended to ${total} parameters since; what is certified is checked`;
  const further = ledger.deduplicated - records.deduplicated;
  if (further > 0) yield `${further} further equal records came since: harmless`;
}
