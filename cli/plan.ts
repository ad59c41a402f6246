/** `ttg plan`: what a values file would run, before anything is spent. */
import { Argument, Command } from 'commander';
import { chunkCount, planOf, type Plan } from '../core/model/plan.js';
import type { Columns, Value } from '../core/model/value.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { BYTES_PER_NUMBER } from '../core/wire/values-codec.js';
import { expandCommand, parameterJson } from '../core/sweep/command.js';
import { lineText } from '../core/sweep/line.js';
import type { ValuesFile } from '../ops/here/values-file.js';
import { jsonOption, run } from './command.js';
import { fromRepository } from './repository.js';

interface Options {
  readonly source?: string;
  readonly table?: string;
  readonly json?: true;
}

/** Parameters that are shown at either end. */
const SHOWN = 3;
const MIB = 1024 * 1024;

interface Example {
  readonly index: number;
  readonly parameter: Columns;
  /** Program and arguments of one process a parameter; undefined for everything else. */
  readonly command?: readonly string[];
}

export function planCommand(): Command {
  return new Command('plan')
    .description(
      'prints what a values file would run: its parameters and chunks, the first and last commands, the space',
    )
    .addArgument(new Argument('<file>', 'a values file of the chart, as `ttg run` and `helm install -f` take it'))
    .option('--source <file>', 'the program or module (helm: --set-file computation.source=FILE)')
    .option('--table <file>', 'the table of parameters (helm: --set-file parameters.table=FILE)')
    .addOption(jsonOption('the plan as JSON'))
    .action((file: string, options: Options) => run({}, (program) => showPlan(program, file, options)));
}

async function showPlan({ out }: Program, file: string, options: Options): Promise<number> {
  const { readRunFile } = await fromRepository(() => import('../ops/here/index.js'), 'plan');
  const values = await readRunFile(file, { ...options, set: [] });
  const { sweep, plain } = values;
  const plan = planOf(settingsOf(values), plain ? undefined : sweep);
  const examples = ends(plan.totalParameters).map((index) => exampleOf(values, index, options.source));
  const space = await spaceOf(plan);
  const { columns } = sweep.parameters;
  const answer = {
    run: plan.runId,
    parameters: { total: plan.totalParameters, columns, description: sweep.parameters.describe() },
    chunks: chunkCount(plan),
    chunkSize: plan.chunkSize,
    computation: plain ? sweep.computation.kind : plan.computation,
    program: sweep.computation,
    keepValues: plan.keepValues,
    maxDead: plan.maxDead,
    examples,
    broker: space,
  };
  await out.print(options.json ? `${JSON.stringify(answer, null, 2)}\n` : planText(values, plan, examples, space));
  return 0;
}

const STORES = ['log', 'none', 'directory', 's3'] as const;

function settingsOf({ run: { id, totalParameters, chunkSize, maxDead, keepValues }, resultsStore }: ValuesFile) {
  const store = STORES.find((known) => known === resultsStore);
  return {
    RUN_ID: id,
    TOTAL_PARAMETERS: totalParameters,
    CHUNK_SIZE: chunkSize,
    COMPUTATION: 'builtin',
    KEEP_VALUES: keepValues,
    RESULTS_STORE: store,
    MAX_DEAD: maxDead,
  } as const;
}

/** The first and the last indexes, none of them twice. */
function ends(total: number): number[] {
  const first = Array.from({ length: Math.min(SHOWN, total) }, (_, i) => i);
  const last = Array.from({ length: Math.min(SHOWN, total) }, (_, i) => total - SHOWN + i);
  return [...first, ...last.filter((index) => index >= first.length)];
}

function exampleOf({ sweep }: ValuesFile, index: number, source: string | undefined): Example {
  const { computation, parameters } = sweep;
  const parameter = parameters.at(index);
  if (computation.kind !== 'program' || computation.protocol === 'lines') return { index, parameter };
  const given = { index, columns: parameter, source: source ?? (sweep.source === undefined ? undefined : 'source') };
  return { index, parameter, command: expandCommand(computation.command, given) };
}

/** Estimates of what the run takes at its peak; dead parameters come on top. */
async function spaceOf(plan: Plan): Promise<Record<'redis' | 'rabbitmq', { memoryBytes: number; diskBytes: number }>> {
  // Their clients take time to load, which no other verb should spend.
  const redis = await import('../core/broker/redis/depth.js');
  const rabbitmq = await import('../core/broker/rabbitmq/broker.js');
  const chunks = chunkCount(plan);
  const values = plan.keepValues ? plan.totalParameters * BYTES_PER_NUMBER : 0;
  const of = ({ MEMORY_PER_CHUNK, DISK_PER_CHUNK }: { MEMORY_PER_CHUNK: number; DISK_PER_CHUNK: number }) => ({
    memoryBytes: chunks * MEMORY_PER_CHUNK + values,
    diskBytes: chunks * DISK_PER_CHUNK + values,
  });
  return { redis: of(redis), rabbitmq: of(rabbitmq) };
}

function planText(
  { sweep, plain }: ValuesFile,
  plan: Plan,
  examples: readonly Example[],
  space: Awaited<ReturnType<typeof spaceOf>>,
): string {
  const count = (number: number): string => number.toLocaleString('en');
  const needs = Object.entries(space).map(
    ([broker, { memoryBytes, diskBytes }]) =>
      `${broker} about ${mib(memoryBytes)} of memory and ${mib(diskBytes)} of disk`,
  );
  const kept = plan.keepValues ? `with every value, ${BYTES_PER_NUMBER} bytes a number` : 'digests and aggregates only';
  const gap = examples.findIndex(({ index }, i) => index !== i);
  const lines = examples.map((example) => `  ${exampleText(example, plain ? undefined : sweep.computation)}`);
  if (gap > 0) lines.splice(gap, 0, '  …');
  return [
    `run          ${plan.runId}`,
    `parameters   ${sweep.parameters.describe()}`,
    `chunks       ${count(chunkCount(plan))} of ${count(plan.chunkSize)} parameters`,
    `computation  ${whatComputes(sweep.computation)}${plain ? '' : `, ${plan.computation}`}`,
    `the broker   ${needs.join('; ')} (${kept})`,
    `dead         at most ${count(plan.maxDead)}, or the run is halted`,
    '',
    ...lines,
    '',
  ].join('\n');
}

const mib = (bytes: number): string => `${Math.ceil(bytes / MIB).toLocaleString('en')} MiB`;

function whatComputes(spec: ValuesFile['sweep']['computation']): string {
  if (spec.kind === 'builtin') return 'the built-in one';
  if (spec.kind === 'module') return 'a module';
  const many = spec.concurrency > 1 ? `, ${spec.concurrency} at a time in a worker` : '';
  if (spec.protocol === 'process') return `one process a parameter${many}`;
  const line = spec.batch === undefined ? 'a line a parameter' : `up to ${spec.batch} parameters a line`;
  return `one process a worker, ${line}${many}`;
}

function exampleText(
  { index, parameter, command }: Example,
  spec: ValuesFile['sweep']['computation'] | undefined,
): string {
  const columns = Object.entries(parameter).map(([name, value]) => `${name}=${shown(value)}`);
  const own = parameterJson(index, parameter);
  const line =
    spec?.kind === 'program' && spec.protocol === 'lines'
      ? lineText(index, [own], spec.batch !== undefined)
      : undefined;
  const becomes = command ? command.map(quoted).join(' ') : line;
  return [`${index}`, ...columns].join(' ') + (becomes === undefined ? '' : `\n      ${becomes}`);
}

function shown(value: Value): string {
  return typeof value === 'string' && /^[\w.+-]+$/.test(value) && Number.isNaN(Number(value))
    ? value
    : JSON.stringify(value);
}

/** As a shell would need it; no shell is involved. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
