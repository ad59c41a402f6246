/**
 * Two runs, parameter by parameter. Those of equal columns are matched, wherever they stand; where parameters have no
 * columns, those of equal index. Values come from disk, so that memory holds some 20 bytes a parameter, or none where
 * both runs have the same parameters.
 */
import { canonicalJson } from '../model/canonical.js';
import { ParameterIndex } from '../model/parameter-index.js';
import type { Plan } from '../model/plan.js';
import { sweepChanges } from '../model/sweep-changes.js';
import type { Columns, Value } from '../model/value.js';
import { valueText } from '../model/value-text.js';
import { ConfigError } from '../runtime/errors.js';
import type { Outcome, Table } from './table.js';

/** What is known of one parameter: `neither` has a value, or only one of the runs has. */
export type Kind = 'equal' | 'different' | 'onlyFirst' | 'onlySecond' | 'neither';

export interface Side {
  readonly index: number;
  readonly outcome: Outcome;
}

export interface Difference {
  readonly kind: Exclude<Kind, 'equal' | 'neither'>;
  /** Absent for a parameter that is its index. */
  readonly columns: Columns | undefined;
  /** undefined where the plan of the run does not have the parameter. */
  readonly first: Side | undefined;
  readonly second: Side | undefined;
}

export interface Compared {
  readonly kind: Kind;
  readonly difference: Difference | undefined;
}

export interface Comparison {
  readonly matchedBy: 'index' | 'columns';
  /** Those of the first run in the order of its index, then those that only the second one has. */
  parameters(): Generator<Compared>;
}

/** In words for people, one for each part of the plan that differs; whether values differ is another question. */
export function planChanges(first: Plan, second: Plan): string[] {
  const plain = (['totalParameters', 'chunkSize', 'keepValues', 'maxDead'] as const)
    .filter((key) => first[key] !== second[key])
    .map((key) => `${key} ${first[key]} → ${second[key]}`);
  if (first.computation === second.computation) return plain;
  const changes = first.sweep && second.sweep ? sweepChanges(first.sweep, second.sweep) : [];
  return [...plain, ...(changes.length > 0 ? changes : [`computation ${first.computation} → ${second.computation}`])];
}

/** @throws ConfigError where the parameters of one have columns and those of the other have none */
export async function compare(first: Table, second: Table): Promise<Comparison> {
  const [own, other] = [columnsOf(first), columnsOf(second)];
  if ((own === undefined) !== (other === undefined))
    throw new ConfigError(
      `the parameters of ${(own ? first : second).ledger.runId} have columns, those of ` +
        `${(own ? second : first).ledger.runId} are only indexes: none of them can be matched`,
    );
  const total = totalOf(second);
  if (!own || !other || sameParameters(first, second))
    return {
      matchedBy: 'index',
      parameters: () => walk(first, second, (index) => (index < total ? index : undefined)),
    };
  const whole = [{ start: 0, end: total - 1 }];
  const byColumns = await ParameterIndex.of((index) => other.at(index), whole);
  return { matchedBy: 'columns', parameters: () => walk(first, second, (index) => byColumns.take(own.at(index))) };
}

function* walk(first: Table, second: Table, partnerOf: (index: number) => number | undefined): Generator<Compared> {
  const [own, other] = [columnsOf(first), columnsOf(second)];
  const [ofFirst, ofSecond] = [first.outcomes(), second.outcomes()];
  const matched = new Uint8Array(totalOf(second));
  for (let index = 0; index < totalOf(first); index++) {
    const partner = partnerOf(index);
    if (partner !== undefined) matched[partner] = 1;
    yield judge(
      () => own?.at(index),
      { index, outcome: ofFirst(index) },
      partner === undefined ? undefined : { index: partner, outcome: ofSecond(partner) },
    );
  }
  for (let index = 0; index < matched.length; index++)
    if (matched[index] === 0) yield judge(() => other?.at(index), undefined, { index, outcome: ofSecond(index) });
}

function judge(columns: () => Columns | undefined, first: Side | undefined, second: Side | undefined): Compared {
  const kind = kindOf(first?.outcome, second?.outcome);
  if (kind === 'equal' || kind === 'neither') return { kind, difference: undefined };
  return { kind, difference: { kind, columns: columns(), first, second } };
}

function kindOf(first: Outcome | undefined, second: Outcome | undefined): Kind {
  if (first?.status !== 'ok') return second?.status === 'ok' ? 'onlySecond' : 'neither';
  if (second?.status !== 'ok') return 'onlyFirst';
  return isEqual(first.value, second.value) ? 'equal' : 'different';
}

/** As digests see it: NaN is NaN, and no zero is negative. */
function isEqual(a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || valueText(a) === valueText(b);
}

/** undefined where a parameter is only its index. */
function columnsOf({ parameters }: Table): Table['parameters'] {
  return parameters && parameters.columns.length > 0 ? parameters : undefined;
}

const totalOf = ({ ledger }: Table): number => ledger.plan?.totalParameters ?? 0;

/** Whether both plans have the same parameters in the same order. */
export function sameParameters(first: Table, second: Table): boolean {
  const text = ({ ledger }: Table): string =>
    canonicalJson([ledger.plan?.sweep?.parameters, ledger.plan?.sweep?.table ?? null]);
  return totalOf(first) === totalOf(second) && text(first) === text(second);
}
