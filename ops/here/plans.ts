/** What a values file comes to in either place where it can be run. */
import { availableParallelism } from 'node:os';
import { planOf, type Plan } from '../../core/model/plan.js';
import { isNothing } from '../../core/sweep/fault.js';
import { chunkSizeFor } from './chunk-size.js';
import { runIdFor } from './run-id.js';
import { valueAt } from './settings.js';
import type { ValuesFile } from './values-file.js';

export interface Plans {
  /** By `ttg run` of a run that is new; one that exists keeps its chunks. */
  readonly here: Plan;
  /** By `helm install`. `ttg run --context` does the same, but for the run's id, which is that of `here`. */
  readonly onCluster: Plan;
}

export interface PlanOptions {
  readonly runId?: string | undefined;
  /** Workers here; the CPUs unless it is said. */
  readonly jobs?: number | undefined;
}

const STORES = ['log', 'none', 'directory', 's3'] as const;

/**
 * @param file the path of the values file, which names the run where nothing else does
 * @throws ConfigError where no run id can be made of its name, or there are too many chunks
 */
export function plansOf(values: ValuesFile, file: string, { runId, jobs }: PlanOptions): Plans {
  const { run, sweep, plain, raw, resultsStore } = values;
  const total = sweep.parameters.total;
  const settings = {
    RUN_ID: run.id,
    TOTAL_PARAMETERS: total,
    CHUNK_SIZE: run.chunkSize,
    COMPUTATION: sweep.computation.kind,
    KEEP_VALUES: run.keepValues,
    RESULTS_STORE: STORES.find((known) => known === resultsStore),
    MAX_DEAD: run.maxDead,
  };
  const isBuiltin = plain && sweep.computation.kind === 'builtin';
  const isSized = !isNothing(valueAt(raw, 'run.chunkSize'));
  const here = {
    ...settings,
    RUN_ID: runIdFor(raw, file, runId),
    CHUNK_SIZE: isSized ? run.chunkSize : chunkSizeFor(total, jobs ?? availableParallelism(), sweep.computation),
  };
  return { here: planOf(here, isBuiltin ? undefined : sweep), onCluster: planOf(settings, plain ? undefined : sweep) };
}
