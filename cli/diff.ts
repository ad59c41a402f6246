/** `ttg diff`: what differs between two runs: their plans, then the parameters whose values differ. */
import { Command } from 'commander';
import { ConfigError } from '../core/runtime/errors.js';
import { LineFile } from '../core/runtime/line-file.js';
import type { Program } from '../core/runtime/lifecycle.js';
import {
  compare,
  planChanges,
  sameParameters,
  type Comparison,
  type Difference,
  type Kind,
} from '../core/table/compare.js';
import type { PlanRecord } from '../core/wire/records.js';
import type { Table } from '../core/table/table.js';
import { jsonOption, run } from './command.js';
import { diffText, differenceJson } from './diff-text.js';
import { parseRun } from './run-folder.js';
import { Sides } from './sides.js';

const SHOWN = 20;
const STATUSES = `
Exit statuses:
  0  all values are equal
  1  values differ, or only one of the runs has them
  2  wrong usage or configuration`;

/** The runs as they were named. */
interface Given {
  readonly first: string;
  readonly second: string;
}

interface Options {
  readonly json?: true;
  readonly out?: string;
}

export function diffCommand(): Command {
  return new Command('diff')
    .description(
      'shows what differs between two runs, of the log or of folders of `ttg run`: their plans, then the parameters whose values differ. They are ' +
        'matched by their columns, or by their index where they have none',
    )
    .argument('<first>', 'a run: its id or, of `ttg run`, the path of its folder', parseRun)
    .argument('<second>', 'another run', parseRun)
    .addOption(jsonOption('as JSON'))
    .option('--out <file>', `every difference as a line of JSON, not only the first ${SHOWN}`)
    .addHelpText('after', STATUSES)
    .action((first: string, second: string, options: Options) =>
      run({ everyRun: true }, (program) => diff(program, { first, second }, options)),
    );
}

async function diff(program: Program, given: Given, { json, out: path }: Options): Promise<number> {
  const { stop, out } = program;
  await using sides = new Sides(program);
  const [one, other] = [await sides.of(given.first), await sides.of(given.second)];
  if (one.place === other.place) throw new ConfigError(`run ${given.second} is given twice: give two runs`);
  using first = await one.table();
  using second = await other.table();
  const plan = planChanges(planOf(first), planOf(second));
  const ids = { ...given, plan };
  if (first.lacksValues || second.lacksValues) {
    const equal = digestsAgree(first, second);
    const digests = { first: first.ledger.digest, second: second.ledger.digest };
    await out.print(
      json
        ? `${JSON.stringify({ ...ids, matchedBy: 'digest', equal, digests }, null, 2)}\n`
        : diffText({ ...ids, digests: equal }, []),
    );
    return equal ? 0 : 1;
  }
  await using file =
    path === undefined ? undefined : await LineFile.open('--out', path, '', 'Name a place that has room');
  const { counts, shown, matchedBy } = await count(first, second, stop, file);
  const found = { ...ids, matchedBy, ...counts };
  const whole = { ...found, differences: shown.map((each) => JSON.parse(differenceJson(each)) as unknown) };
  await out.print(json ? `${JSON.stringify(whole, null, 2)}\n` : diffText(found, shown));
  return counts.different + counts.onlyFirst + counts.onlySecond > 0 ? 1 : 0;
}

type Counted = { readonly counts: Record<Kind, number>; readonly shown: Difference[] } & {
  readonly matchedBy: Comparison['matchedBy'];
};

async function count(first: Table, second: Table, stop: AbortSignal, file: LineFile | undefined): Promise<Counted> {
  const comparison = await compare(first, second);
  const counts: Record<Kind, number> = { equal: 0, different: 0, onlyFirst: 0, onlySecond: 0, neither: 0 };
  const shown: Difference[] = [];
  for (const { kind, difference } of comparison.parameters()) {
    counts[kind]++;
    if (!difference) continue;
    if (shown.length < SHOWN) shown.push(difference);
    if (file) await file.write(`${differenceJson(difference)}\n`);
    stop.throwIfAborted();
  }
  return { counts, shown, matchedBy: comparison.matchedBy };
}

/** @throws ConfigError where the log does not hold the run */
function planOf({ ledger: { plan, runId } }: Table): PlanRecord {
  if (plan) return plan;
  throw new ConfigError(`the log holds no run ${runId}: \`ttg runs\` lists those that it holds`);
}

/** @throws ConfigError where digests do not answer the question */
function digestsAgree(first: Table, second: Table): boolean {
  const whole = [first, second].every(({ ledger }) => ledger.covered.count === ledger.plan?.totalParameters);
  if (whole && sameParameters(first, second)) return first.ledger.digest === second.ledger.digest;
  const without = first.lacksValues ? first : second;
  throw new ConfigError(
    `run ${without.ledger.runId} kept no values, and digests can be compared only of finished runs with the same ` +
      'parameters: seed with results.store: log (RESULTS_STORE=log) what is to be compared',
  );
}
