/** What computes a run's values, apart from its parameters: whether values of one run are those of another. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../model/canonical.js';
import type { Sweep } from '../model/sweep.js';
import { placeholdersOf } from './command.js';
import { normalComputation } from './computation.js';

export interface Computes {
  /** Equal where program, protocol and source are: `computation:` and 32 hexadecimal digits, `builtin`, or a path. */
  readonly id: string;
  /** The value depends on the index, not on columns alone: equal parameters are those with the same index too. */
  readonly byIndex: boolean;
}

/** @param computation of the plan, and @param sweep the one that it carries */
export function computesOf(computation: string, sweep: Sweep | undefined): Computes {
  if (!sweep) return { id: computation, byIndex: true };
  const { computation: spec, parameters, source } = sweep;
  if (spec.kind === 'builtin') return { id: 'builtin', byIndex: true };
  const content = canonicalJson({ computation: normalComputation(spec), source });
  const named = spec.kind === 'program' && placeholdersOf(spec.command, ['computation', 'command']).has('index');
  return {
    id: `computation:${createHash('sha256').update(content).digest('hex').slice(0, 32)}`,
    byIndex: named || parameters.columns.length === 0,
  };
}
