/** How a plan looks to people: what is the same here and on a cluster is said once. */
import type { Plan } from '../core/model/plan.js';
import type { ComputationSpec } from '../core/model/sweep.js';
import type { Columns, Value } from '../core/model/value.js';
import { OBJECT_BYTES_PER_NUMBER } from '../core/wire/object-codec.js';
import { BYTES_PER_NUMBER } from '../core/wire/values-codec.js';
import { plural } from '../core/runtime/words.js';
import { parameterJson } from '../core/sweep/command.js';
import { lineText } from '../core/sweep/line.js';

const MIB = 1024 * 1024;
const NO_DIRECTORY = 'a directory (results.directory.path is not set)';
const NO_BUCKET = 'a bucket (results.s3.bucket is not set)';

export interface Example {
  readonly index: number;
  readonly parameter: Columns;
  /** Program and arguments of one process a parameter; undefined for everything else. */
  readonly command?: readonly string[];
}

/** Estimates of what a run takes at its peak; dead parameters come on top. */
export interface Space {
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/** Where values go, and what they take there if they are numbers. */
export interface Values {
  readonly store: 'log' | 'none' | 'directory' | 's3';
  /** The directory, or the bucket. */
  readonly place?: string;
  /** One a chunk; none in the log. */
  readonly objects: number;
  readonly bytes: number;
}

/** What the file comes to in one of the two places. */
export interface Place {
  readonly run: string;
  readonly chunks: number;
  readonly chunkSize: number;
  readonly values: Values;
  /** By broker. */
  readonly space: Readonly<Record<string, Space>>;
}

export type Answer = Pick<Plan, 'computation' | 'maxDead'> & {
  readonly parameters: { readonly total: number; readonly description: string };
  readonly program: ComputationSpec;
  readonly here: Place;
  readonly onCluster: Place;
  readonly examples: readonly Example[];
};

interface Shown {
  /** Whether it is a range of indexes, computed without a program. */
  readonly plain: boolean;
  /** Workers here. */
  readonly jobs: number;
}

export function planText(answer: Answer, { plain, jobs }: Shown): string {
  const { here, onCluster, program, examples } = answer;
  const other = here.run === onCluster.run ? '' : `; by helm install ${onCluster.run}, unless run.id is set`;
  const gap = examples.findIndex(({ index }, i) => index !== i);
  const lines = examples.map((example) => `  ${exampleText(example, plain ? undefined : program)}`);
  if (gap > 0) lines.splice(gap, 0, '  …');
  return [
    `run          ${here.run}${other}`,
    `parameters   ${answer.parameters.description}`,
    `chunks       ${chunksText(answer, jobs)}`,
    `computation  ${whatComputes(program)}${answer.computation.startsWith('sweep:') ? `, ${answer.computation}` : ''}`,
    `values       ${bothPlaces(here, onCluster, ({ values }) => valuesText(values))}`,
    `space        here ${spaceText(here.space['embedded'], ` in runs/${here.run}`)}`,
    ...Object.entries(onCluster.space).map(([broker, space]) => `             ${broker} ${spaceText(space)}`),
    `dead         at most ${count(answer.maxDead)}, or the run is halted`,
    '',
    ...lines,
    '',
  ].join('\n');
}

const count = (number: number): string => number.toLocaleString('en');
const mib = (bytes: number): string => `${count(Math.ceil(bytes / MIB))} MiB`;

function bothPlaces(here: Place, onCluster: Place, text: (place: Place) => string): string {
  const [one, other] = [text(here), text(onCluster)];
  return one === other ? one : `here ${one}\n             on a cluster ${other}`;
}

function chunksText({ here, onCluster, parameters: { total } }: Answer, jobs: number): string {
  const text = ({ chunks, chunkSize }: Place): string =>
    `${count(chunks)} of ${plural(Math.min(chunkSize, total), 'parameter')}`;
  if (here.chunkSize === onCluster.chunkSize) return text(here);
  return `here ${text(here)}, for ${plural(jobs, 'worker')} (-j); on a cluster ${text(onCluster)} (run.chunkSize)`;
}

function valuesText({ store, place, bytes }: Values): string {
  const size = (each: number): string => `about ${mib(bytes)}, ${each} bytes a number`;
  switch (store) {
    case 'none':
      return 'none are kept, only digests and aggregates (results.store: log keeps them)';
    case 'log':
      return `all are kept in the log: ${size(BYTES_PER_NUMBER)}`;
    case 'directory':
      return `all are kept in ${place ?? NO_DIRECTORY}: ${size(OBJECT_BYTES_PER_NUMBER)}, a file a chunk`;
    case 's3':
      return (
        `all are kept in ${place ? `the bucket ${place}` : NO_BUCKET}: ${size(OBJECT_BYTES_PER_NUMBER)}, an ` +
        'object a chunk'
      );
  }
}

function spaceText(space: Space | undefined, where = ''): string {
  return space ? `about ${mib(space.memoryBytes)} of memory and ${mib(space.diskBytes)} of disk${where}` : '';
}

function whatComputes(spec: Answer['program']): string {
  if (spec.kind === 'builtin') return 'the built-in one';
  if (spec.kind === 'module') return 'a module';
  const many = spec.concurrency > 1 ? `, ${spec.concurrency} at a time in a worker` : '';
  if (spec.protocol === 'process') return `one process a parameter${many}`;
  const line = spec.batch === undefined ? 'a line a parameter' : `up to ${spec.batch} parameters a line`;
  return `one process a worker, ${line}${many}`;
}

function exampleText({ index, parameter, command }: Example, spec: Answer['program'] | undefined): string {
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
