/** A values file of the chart as what is run: `ttg run` and `ttg plan` read what `helm install -f` reads. */
import { isObject } from '../../core/model/value.js';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Sweep, SweepDocument } from '../../core/model/sweep.js';
import { loadConfig, unfitSetting } from '../../core/runtime/config.js';
import { asError, ConfigError } from '../../core/runtime/errors.js';
import { isNothing, SweepError } from '../../core/sweep/fault.js';
import { computed, sweepOf } from '../../core/sweep/read.js';
import { parseHelmYaml, type HelmYaml } from './helm-yaml.js';

export interface ValuesFile {
  /** What the chart renders as the sweep document, and `ttg run` writes to `runs/ID/sweep.json`. */
  readonly document: SweepDocument;
  /** The same, checked. */
  readonly sweep: Sweep;
  /** Whether the chart renders no sweep document of this: built-in or module over `run.totalParameters`, as ever. */
  readonly plain: boolean;
  readonly run: {
    readonly id: string;
    readonly totalParameters: number;
    readonly chunkSize: number;
    readonly maxDead: string;
    readonly keepValues: boolean;
  };
  /** `results.store`; empty where the file does not say. */
  readonly resultsStore: string;
  /** The file as Helm reads it, without what options gave, but changed. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export interface Files {
  /** Takes the place of `computation.source`. */
  readonly source?: string | undefined;
  /** Takes the place of `parameters.table`. */
  readonly table?: string | undefined;
  /** Sets values over those of the file, and looks at its keys. @param placeOf `:7:5` of a path */
  readonly change?: (values: ValuesFile['raw'], placeOf: HelmYaml['placeOf']) => ValuesFile['raw'];
}

/** A larger table is not copied into the document: its path and SHA-256 stand there. The id is the same either way. */
export const MOST_INLINE_BYTES = 512 * 1024;

/** Settings of the chart's `computation` that are not part of a sweep. */
const NOT_SWEEPS = ['source', 'simulateWorkMs', 'simulateFaultRate'];

/** @throws ConfigError naming file, line and column, what is wrong, and the remedy */
export async function readValuesFile(path: string, files: Files = {}): Promise<ValuesFile> {
  const yaml = parseHelmYaml(await textOf(path, 'values file'), path);
  const raw = files.change?.(yaml.values, (path) => yaml.placeOf(path)) ?? yaml.values;
  const section = (name: string): Readonly<Record<string, unknown>> => {
    const given = raw[name];
    if (isNothing(given)) return {};
    if (isObject(given)) return given;
    throw new ConfigError(`${path}${yaml.placeOf([name])}: ${name} must be a mapping of settings`);
  };
  const run = runOf(section('run'), (key) => `${path}${yaml.placeOf(['run', key])}`);
  const computation = section('computation');
  const parameters = section('parameters');
  const source = files.source === undefined ? computation['source'] : await textOf(files.source, '--source');
  const { inline, within } = await tableOf(parameters['table'], files.table);
  const tabled = !isNothing(within) || inline !== undefined;
  const isRange = !tabled && Object.values(parameters).every(isNothing);
  const [unfinished] = Object.keys(parameters);
  if (isRange && unfinished !== undefined && isNothing(section('run')['totalParameters']))
    throw new ConfigError(
      `${path}${yaml.placeOf(['parameters', unfinished])}: parameters.${unfinished} is empty: write what belongs below it, or leave it out`,
    );
  // As the chart has it.
  if (!isRange && !isNothing(section('run')['totalParameters']))
    throw new ConfigError(
      `${path}${yaml.placeOf(['run', 'totalParameters'])}: run.totalParameters and parameters both say how many parameters there are: leave run.totalParameters out`,
    );
  const trap = yaml.trap(['parameters']);
  if (trap)
    throw new ConfigError(
      `${path}${trap.place}: the unquoted ${trap.written} is ${trap.read} to YAML: ` +
        `write "${trap.written}" for the text, ${trap.read} for the ${typeof trap.read === 'boolean' ? 'truth value' : 'number'}`,
    );
  const { table: _, ...others } = parameters;
  const document = {
    parameters: isRange ? { range: run.totalParameters } : { ...others, ...(within ? { table: within } : {}) },
    computation: Object.fromEntries(Object.entries(computation).filter(([key]) => !NOT_SWEEPS.includes(key))),
    ...(isNothing(source) ? {} : { source: source as string }),
    ...(inline === undefined ? {} : { table: inline }),
  };
  try {
    const sweep = computed(await sweepOf(document, path, files.table), path);
    const plain = isRange && sweep.computation.kind !== 'program';
    const store = section('results')['store'];
    const resultsStore = typeof store === 'string' ? store : '';
    return { document: sweep.document, sweep, plain, run, resultsStore, raw };
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    const where = error.path[0] === 'source' ? ['computation', 'source'] : error.path;
    throw new ConfigError(`${path}${yaml.placeOf(where)}: ${error.words}`, { cause: error });
  }
}

const SETTINGS = {
  id: 'RUN_ID',
  totalParameters: 'TOTAL_PARAMETERS',
  chunkSize: 'CHUNK_SIZE',
  maxDead: 'MAX_DEAD',
  keepValues: 'KEEP_VALUES',
  reuse: 'RUN_REUSE',
} as const;

/** Settings of the chart's `run` that mean nothing here. */
const CLUSTER_ONLY = ['paused'];

function runOf(given: Readonly<Record<string, unknown>>, placeOf: (key: string) => string): ValuesFile['run'] {
  for (const [key, value] of Object.entries(given)) {
    if (CLUSTER_ONLY.includes(key)) continue;
    if (!Object.hasOwn(SETTINGS, key))
      throw new ConfigError(
        `${placeOf(key)}: run.${key} is no setting: the known ones are ${Object.keys(SETTINGS).join(', ')}`,
      );
    const text = isNothing(value) ? '' : String(value);
    const unfit = text === '' ? undefined : unfitSetting(SETTINGS[key as keyof typeof SETTINGS], text);
    if (unfit !== undefined) throw new ConfigError(`${placeOf(key)}: run.${key} is ${JSON.stringify(value)}: ${unfit}`);
  }
  const env = Object.entries(SETTINGS).map(([key, name]) => [name, isNothing(given[key]) ? '' : String(given[key])]);
  const config = loadConfig(Object.fromEntries(env) as Record<string, string>);
  return {
    id: config.RUN_ID,
    totalParameters: config.TOTAL_PARAMETERS,
    chunkSize: config.CHUNK_SIZE,
    maxDead: config.MAX_DEAD,
    keepValues: config.KEEP_VALUES,
  };
}

interface Table {
  readonly inline?: string;
  readonly within?: unknown;
}

async function tableOf(given: unknown, file: string | undefined): Promise<Table> {
  if (file === undefined) {
    if (isNothing(given)) return {};
    return typeof given === 'string' ? { inline: given } : { within: given };
  }
  const { size } = await about(file, '--table');
  if (size === 0)
    throw new ConfigError(`--table ${file}: it is empty. Give a header and at least one row, or JSON lines`);
  if (size <= MOST_INLINE_BYTES) return { inline: await textOf(file, '--table') };
  const hash = createHash('sha256');
  for await (const block of createReadStream(file)) hash.update(block as Buffer);
  return { within: { path: resolve(file), sha256: hash.digest('hex') } };
}

async function textOf(path: string, what: string): Promise<string> {
  await about(path, what);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
  } catch (cause) {
    throw new ConfigError(`${what} ${path}: it is not text in UTF-8. Save it as UTF-8`, { cause });
  }
}

async function about(path: string, what: string): Promise<{ size: number }> {
  try {
    const file = await stat(path);
    if (file.isFile()) return file;
  } catch (cause) {
    throw new ConfigError(`${what} ${path}: ${asError(cause).message}. Name a file that can be read`, { cause });
  }
  throw new ConfigError(`${what} ${path}: it is no file. Name a file`);
}
