/** `ttg plan`: what a values file would run, here and on a cluster, before anything is spent. */
import { availableParallelism } from 'node:os';
import { Argument, Command, Option } from 'commander';
import { chunkCount, type Plan } from '../core/model/plan.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { expandCommand } from '../core/sweep/command.js';
import { OBJECT_BYTES_PER_NUMBER } from '../core/wire/object-codec.js';
import { BYTES_PER_NUMBER } from '../core/wire/values-codec.js';
import type { ValuesFile } from '../ops/here/values-file.js';
import { jsonOption, numberOf, run } from './command.js';
import { planText, type Example, type Place, type Space, type Values } from './plan-text.js';
import { parseNewRunId } from './run-id.js';
import { fromRepository } from './repository.js';

interface Options {
  readonly source?: string;
  readonly table?: string;
  readonly set: readonly string[];
  readonly runId?: string;
  readonly jobs: number;
  readonly json?: true;
}

/** Parameters that are shown at either end. */
const SHOWN = 3;
const MOST_JOBS = 1000;
/** A record that says where its values are has so many bytes more. */
const BYTES_PER_ADDRESS = 200;

export function planCommand(): Command {
  return new Command('plan')
    .description(
      'prints what a values file would run, here and on a cluster: its parameters and chunks, the first and last ' +
        'commands, where its values go, the space',
    )
    .addArgument(new Argument('<file>', 'a values file of the chart, as `ttg run` and `helm install -f` take it'))
    .option('--source <file>', 'the program or module (helm: --set-file computation.source=FILE)')
    .option('--table <file>', 'the table of parameters (helm: --set-file parameters.table=FILE)')
    .option('--set <key=value>', 'a value over those of the file; may be repeated', collect, [])
    .addOption(new Option('--run-id <id>', 'as of `ttg run`').argParser(parseNewRunId))
    .addOption(
      new Option('-j, --jobs <n>', 'as of `ttg run`: workers at a time')
        .argParser(numberOf('a number of workers', 1, MOST_JOBS))
        .default(availableParallelism(), 'the CPUs'),
    )
    .addOption(jsonOption('the plan as JSON'))
    .action((file: string, options: Options) => run({}, (program) => showPlan(program, file, options)));
}

const collect = (pair: string, pairs: readonly string[]): string[] => [...pairs, pair];

async function showPlan({ out }: Program, file: string, options: Options): Promise<number> {
  const { readRunFile, plansOf } = await fromRepository(() => import('../ops/here/index.js'), 'plan');
  const values = await readRunFile(file, options);
  const { sweep, plain } = values;
  const { here, onCluster } = plansOf(values, file, { ...options, jobs: Math.floor(options.jobs) });
  // Their clients take time to load, which no other verb should spend.
  const embedded = await import('../core/broker/embedded/depth.js');
  const redis = await import('../core/broker/redis/depth.js');
  const rabbitmq = await import('../core/broker/rabbitmq/broker.js');
  const { columns } = sweep.parameters;
  const answer = {
    parameters: { total: here.totalParameters, columns, description: sweep.parameters.describe() },
    computation: here.computation,
    program: sweep.computation,
    maxDead: here.maxDead,
    here: placeOf(here, values.raw, { embedded }),
    onCluster: placeOf(onCluster, values.raw, { redis, rabbitmq }),
    examples: ends(here.totalParameters).map((index) => exampleOf(values, index, options.source)),
  };
  await out.print(options.json ? `${JSON.stringify(answer, null, 2)}\n` : planText(answer, { plain, ...options }));
  return 0;
}

interface Costs {
  readonly MEMORY_PER_CHUNK: number;
  readonly DISK_PER_CHUNK: number;
}

function placeOf(plan: Plan, raw: ValuesFile['raw'], brokers: Readonly<Record<string, Costs>>): Place {
  const chunks = chunkCount(plan);
  const values = valuesOf(plan, raw);
  const kept = values.store === 'log' ? values.bytes : values.objects * BYTES_PER_ADDRESS;
  const space = ({ MEMORY_PER_CHUNK, DISK_PER_CHUNK }: Costs, name: string): Space => ({
    // The embedded one has records on its disk alone.
    memoryBytes: chunks * MEMORY_PER_CHUNK + (name === 'embedded' ? 0 : kept),
    diskBytes: chunks * DISK_PER_CHUNK + kept,
  });
  return {
    run: plan.runId,
    chunks,
    chunkSize: plan.chunkSize,
    values,
    space: Object.fromEntries(Object.entries(brokers).map(([name, costs]) => [name, space(costs, name)])),
  };
}

function valuesOf(plan: Plan, raw: ValuesFile['raw']): Values {
  const { totalParameters, keepValues, store } = plan;
  if (!keepValues) return { store: 'none', objects: 0, bytes: 0 };
  if (store === undefined) return { store: 'log', objects: 0, bytes: totalParameters * BYTES_PER_NUMBER };
  const { results } = raw as { results?: { directory?: { path?: unknown }; s3?: { bucket?: unknown } } };
  const place = store === 's3' ? results?.s3?.bucket : results?.directory?.path;
  return {
    store,
    ...(typeof place === 'string' && place !== '' ? { place } : {}),
    objects: chunkCount(plan),
    bytes: totalParameters * OBJECT_BYTES_PER_NUMBER,
  };
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
