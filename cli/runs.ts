/** `ttg runs`: every run of the log, by one reading of it; on a machine without a broker, those that `ttg run` keeps. */
import { Command } from 'commander';
import { connect } from '../core/broker/connect.js';
import { patientDepth } from '../core/broker/patience.js';
import { planInterval, type Plan } from '../core/model/plan.js';
import { progressOf } from '../core/ledger/report.js';
import { runStateOf, type Around, type RunStateWord } from '../core/ledger/state.js';
import type { Ledger } from '../core/ledger/ledger.js';
import { asError, ConfigError } from '../core/runtime/errors.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { sweepOfPlan } from '../core/sweep/read.js';
import { readRuns, unpublished } from '../seeder/gaps.js';
import { jsonOption, run } from './command.js';
import { inEachRunFolder, type RunProgram } from './run-folder.js';

/** One run as it is listed. */
export interface ListedRun {
  readonly runId: string;
  readonly state: RunStateWord;
  readonly parameters: number;
  readonly done: number;
  readonly dead: number;
  /** Since its newest plan; null where the log holds none. */
  readonly ageSeconds: number | null;
  readonly computes: string;
}

export function runsCommand(): Command {
  return new Command('runs')
    .description(
      'lists every run of the log, or of the folder `runs` where no broker is named: its state, parameters, progress, ' +
        'dead, age and what it computes',
    )
    .addOption(jsonOption('as JSON'))
    .action((options: { readonly json?: true }) =>
      run({ everyRun: true }, (program) => runs(program, options.json ?? false)),
    );
}

async function runs(program: Program, json: boolean): Promise<number> {
  const { config, out } = program;
  const listed: ListedRun[] = [];
  if (config.QUEUE_MODE) listed.push(...(await runsOf(program)));
  else if (config.STATIC_JOB_NAME !== '')
    throw new ConfigError('static mode (QUEUE_MODE=false) has no log that runs share: there is one run a Job');
  else await inEachRunFolder(program, async (one) => void listed.push(...(await runsOf(one))));
  await out.print(json ? `${JSON.stringify(listed, null, 2)}\n` : runsText(listed));
  return 0;
}

async function runsOf({ config, log, stop, isAtRest = false }: RunProgram): Promise<ListedRun[]> {
  await using broker = await connect(config, log, stop);
  // How far runs are, the log tells alone.
  const depth = await patientDepth(broker, stop).catch((thrown: unknown) => {
    log.warn({ reason: asError(thrown).message }, 'the broker does not tell what is queued');
    return undefined;
  });
  const queued = depth === undefined || depth.ready + depth.leased + depth.delayed > 0;
  const listed: ListedRun[] = [];
  for (const ledger of (await readRuns(broker)).values())
    listed.push(await listedRun(ledger, { queued, atRest: isAtRest }, Date.now()));
  return listed;
}

/** @param now milliseconds since 1970 */
export async function listedRun(ledger: Ledger, around: Omit<Around, 'unpublished'>, now: number): Promise<ListedRun> {
  const { runId, plan } = ledger;
  const { total, done, dead } = progressOf(ledger);
  const createdAt = plan ? Date.parse(plan.createdAt) : NaN;
  return {
    runId,
    state: runStateOf(ledger, { unpublished: plan !== undefined && unpublished(plan, ledger).length > 0, ...around }),
    parameters: total,
    done,
    dead,
    ageSeconds: Number.isNaN(createdAt) ? null : Math.max(0, Math.round((now - createdAt) / 1000)),
    computes: plan ? await inAFewWords(plan) : 'unknown: the log holds no plan of it',
  };
}

async function inAFewWords(plan: Plan): Promise<string> {
  const { computation, sweep: document } = plan;
  const range = `0 to ${planInterval(plan).end}`;
  if (!document) return `${computation === 'builtin' ? 'built-in' : computation}, ${range}`;
  try {
    const sweep = await sweepOfPlan(plan);
    const words = sweep?.parameters.describe().replace(/: [^:]*$/, '') ?? range;
    return `${sweep?.computation.kind === 'program' ? sweep.computation.command.join(' ') : (sweep?.computation.kind ?? '')}, ${words}`;
  } catch (thrown) {
    // Its table lies on a volume that is not mounted here, or a later release wrote it.
    return `parameters that cannot be read here: ${asError(thrown).message.split('\n', 1)[0]}`;
  }
}

const LONGEST = 60;
const AGES: readonly (readonly [unit: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
];

export function runsText(listed: readonly ListedRun[]): string {
  if (listed.length === 0) return 'the log holds no run\n';
  const rows = [
    ['RUN', 'STATE', 'PARAMETERS', 'DONE', 'DEAD', 'AGE', 'COMPUTES'],
    ...listed.map((each) => [
      each.runId,
      each.state,
      String(each.parameters),
      percent(each),
      String(each.dead),
      each.ageSeconds === null ? '–' : age(each.ageSeconds),
      short(each.computes),
    ]),
  ];
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => (row[i] as string).length))) ?? [];
  const isNumber = (i: number): boolean => i >= 2 && i <= 5;
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join('  ');
  return `${rows.map((row) => line(row).trimEnd()).join('\n')}\n`;
}

/** 100 % only where nothing is missing. */
function percent({ parameters, done, dead }: ListedRun): string {
  return parameters === 0 ? '–' : `${(Math.floor((1000 * (done + dead)) / parameters) / 10).toFixed(1)} %`;
}

function age(seconds: number): string {
  const [unit, of] = AGES.find(([, least]) => seconds >= 2 * least) ?? ['s', 1];
  return `${Math.floor(seconds / of)} ${unit}`;
}

function short(text: string): string {
  const oneLine = text.replace(/\s+/g, ' ');
  return oneLine.length <= LONGEST ? oneLine : `${oneLine.slice(0, LONGEST - 1)}…`;
}
