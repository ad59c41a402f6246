/** A values file and what it names, as the run that it is. PLACEHOLDER until core/sweep is merged */
import { loadYaml } from '@kubernetes/client-node';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { runIdOf } from './run-id.js';
import { settingsOf, valueAt } from './settings.js';
import type { ColumnsOf } from './joblog.js';

export interface Given {
  readonly source?: string;
  readonly table?: string;
  readonly runId?: string;
  readonly set: readonly string[];
}

export interface Prepared {
  readonly runId: string;
  readonly total: number;
  readonly chunkSize: number | undefined;
  readonly document: unknown;
  readonly source: string | undefined;
  readonly table: string | undefined;
  readonly columnsOf: ColumnsOf;
  readonly settings: Readonly<Record<string, string>>;
  /** What names the computation to every process of the run. @param sweepFile where the document is */
  environment(sweepFile: string): Record<string, string>;
  /** @throws ConfigError where the run was started with another document */
  checkUnchanged(known: unknown): void;
}

export async function prepare(file: string, given: Given): Promise<Prepared> {
  const values = loadYaml<unknown>(readFileSync(file, 'utf8'));
  const total = Number(valueAt(values, 'run.totalParameters'));
  const chunkSize = valueAt(values, 'run.chunkSize');
  return {
    runId: given.runId ?? String(valueAt(values, 'run.id') ?? runIdOf(file)),
    total,
    chunkSize: chunkSize === undefined ? undefined : Number(chunkSize),
    document: values,
    source: undefined,
    table: undefined,
    columnsOf: () => undefined,
    settings: settingsOf(values),
    environment: () => ({
      TOTAL_PARAMETERS: String(total),
      COMPUTATION: given.source ? resolve(given.source) : 'builtin',
    }),
    checkUnchanged: () => undefined,
  };
}
