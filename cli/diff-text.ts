/** How the differences of two runs look to people, and to programs. */
import type { Difference, Kind, Side } from '../core/table/compare.js';
import { jsonText } from './table/write-text.js';

export interface Found extends Partial<Record<Kind, number>> {
  readonly first: string;
  readonly second: string;
  readonly plan: readonly string[];
  readonly matchedBy?: 'index' | 'columns';
  /** Where no values were kept: whether the runs' digests agree. */
  readonly digests?: boolean;
}

const LONGEST = 60;

/** One line of JSON: NaN and infinities, which JSON lacks, are texts. */
export function differenceJson({ kind, columns, first, second }: Difference): string {
  const side = (of: Side | undefined) =>
    of && {
      index: of.index,
      status: of.outcome.status,
      ...(of.outcome.status === 'ok' ? { value: of.outcome.value } : {}),
      ...(of.outcome.status === 'dead' ? { error: of.outcome.error } : {}),
    };
  const line = {
    kind,
    ...(columns ? { parameter: columns } : {}),
    first: side(first) ?? null,
    second: side(second) ?? null,
  };
  return jsonText(line as Parameters<typeof jsonText>[0]);
}

/** @param shown the first differences */
export function diffText(found: Found, shown: readonly Difference[]): string {
  const { first, second, plan, digests } = found;
  const { equal = 0, different = 0, onlyFirst = 0, onlySecond = 0, neither = 0 } = found;
  const head = [
    `--- ${first}`,
    `+++ ${second}`,
    ...(plan.length > 0 ? plan.map((change) => `plan         ${change}`) : ['plan         equal']),
  ];
  if (digests !== undefined)
    return `${[...head, `digests      ${digests ? 'equal, so all values are' : 'differ; which values do, only kept values tell (results.store: log)'}`].join('\n')}\n`;
  const more = different + onlyFirst + onlySecond - shown.length;
  return `${[
    ...head,
    `matched by   ${found.matchedBy === 'columns' ? 'columns' : 'index'}`,
    `equal        ${equal}`,
    `different    ${different}`,
    `only there   ${onlyFirst} have a value only in ${first}, ${onlySecond} only in ${second}`,
    ...(neither > 0 ? [`no value     ${neither} in neither`] : []),
    ...shown.flatMap(differenceLines),
    ...(more > 0 ? [`and ${more} more (--out FILE writes all of them)`] : []),
  ].join('\n')}\n`;
}

function differenceLines({ columns, first, second }: Difference): string[] {
  const [a, b] = [first?.index, second?.index];
  const place = a === undefined || b === undefined || a === b ? `${a ?? b}` : `${a} → ${b}`;
  const named = columns
    ? ` ${short(
        Object.entries(columns)
          .map(([name, of]) => `${name}=${jsonText(of)}`)
          .join(' '),
      )}`
    : '';
  return [`@ ${place}${named}`, `- ${sideText(first)}`, `+ ${sideText(second)}`];
}

function sideText(side: Side | undefined): string {
  if (!side) return 'no such parameter';
  const { outcome } = side;
  if (outcome.status === 'ok')
    return outcome.value === undefined ? 'a value that was not kept' : short(jsonText(outcome.value));
  return outcome.status === 'dead' ? `dead: ${short(outcome.error.split('\n', 1)[0] ?? '')}` : 'missing';
}

function short(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
