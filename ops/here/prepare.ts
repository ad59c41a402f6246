/** A values file and the files that options name, as the run that they are. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sweepChanges } from '../../core/model/sweep-changes.js';
import { isObject } from '../../core/model/value.js';
import type { Sweep, SweepDocument } from '../../core/model/sweep.js';
import { ConfigError } from '../../core/runtime/errors.js';
import { isNothing } from '../../core/sweep/fault.js';
import { sweepOf } from '../../core/sweep/read.js';
import { parseHelmYaml } from './helm-yaml.js';
import type { ColumnsOf } from './joblog.js';
import { checkKeys } from './keys.js';
import { bundleModule } from './module.js';
import { runIdFor } from './run-id.js';
import { withSets } from './sets.js';
import { settingsOf, valueAt } from './settings.js';
import { readValuesFile, type ValuesFile } from './values-file.js';

export interface Given {
  readonly source?: string | undefined;
  readonly table?: string | undefined;
  readonly runId?: string | undefined;
  /** `key=value`, over the values of the file. */
  readonly set: readonly string[];
}

export interface Prepared {
  readonly runId: string;
  readonly sweep: Sweep;
  readonly total: number;
  /** What the file says; undefined where it leaves that to us. */
  readonly chunkSize: number | undefined;
  /** What `runs/ID/sweep.json` holds. */
  readonly document: SweepDocument;
  /** `parameters.table` as the file says it, whatever --table put in its place. */
  readonly tableOfFile: unknown;
  /** undefined for a plain range. */
  readonly columnsOf: ColumnsOf;
  readonly settings: Readonly<Record<string, string>>;
  /** What names the computation to every process of the run. @param sweepFile where the document is */
  environment(sweepFile: string): Record<string, string>;
  /**
   * @param parameters that the run has already
   * @throws ConfigError with the differences, where the run was started with a document of another meaning, or has more
   */
  checkUnchanged(known: unknown, parameters: number): Promise<void>;
}

/** @throws ConfigError naming file and line */
export async function prepare(file: string, given: Given): Promise<Prepared> {
  const values = await readRunFile(file, given);
  const { sweep, document, plain, run, raw } = values;
  const runId = runIdFor(raw, file, given.runId);
  const { total, columns } = sweep.parameters;
  const isBuiltin = plain && sweep.computation.kind === 'builtin';
  return {
    runId,
    sweep,
    total,
    document,
    chunkSize: isNothing(valueAt(raw, 'run.chunkSize')) ? undefined : run.chunkSize,
    columnsOf: columns.length > 0 ? (index) => sweep.parameters.at(index) : () => undefined,
    tableOfFile: isObject(raw['parameters']) ? raw['parameters']['table'] : undefined,
    settings: settingsOf(raw),
    environment: (sweepFile) =>
      isBuiltin ? { COMPUTATION: 'builtin', TOTAL_PARAMETERS: String(total) } : { SWEEP_FILE: sweepFile },
    checkUnchanged: async (known, parameters) => {
      const earlier = await sweepOf(known, `sweep.json of run ${runId}`);
      if (earlier.id === sweep.id && total >= parameters) return;
      if (earlier.id === sweep.id)
        throw new ConfigError(
          `run ${runId} has ${parameters} parameters, and the file ${total}: a run can grow, and cannot shrink. ` +
            'Start another run by --run-id (or run.id in the file), or give it as many again',
        );
      const changes = sweepChanges(earlier.document, document);
      throw new ConfigError(
        `run ${runId} was started with another file, whose results it holds:\n` +
          changes.map((change) => `  ${change}\n`).join('') +
          'Start another run by --run-id (or run.id in the file), or take the changes back',
      );
    },
  };
}

/**
 * A values file with what options give. The source of a module is bundled first, which a program's is not.
 * @throws ConfigError naming file and line
 */
export async function readRunFile(file: string, { source, table, set }: Given): Promise<ValuesFile> {
  const change = (values: ValuesFile['raw'], placeOf: (path: readonly string[]) => string): ValuesFile['raw'] => {
    const changed = withSets(values, set);
    checkKeys(changed, (path) => `${file}${placeOf(path)}`);
    return changed;
  };
  if (source === undefined || (await hasCommand(file, set))) return readValuesFile(file, { source, table, change });
  const folder = await mkdtemp(join(tmpdir(), 'ttg-module-'));
  try {
    const bundled = join(folder, 'module.mjs');
    await writeFile(bundled, await bundleModule(source));
    return await readValuesFile(file, { source: bundled, table, change });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** false, too, where the file cannot be read: who reads it next says so. */
async function hasCommand(file: string, set: readonly string[]): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const computation = withSets(parseHelmYaml(text, file).values, set)['computation'];
  return (
    typeof computation === 'object' &&
    computation !== null &&
    !isNothing((computation as { command?: unknown }).command)
  );
}
