/** A sweep document, checked and made into parameters and a computation: from a file, from an object, by one way. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { canonicalJson } from '../model/canonical.js';
import type { Plan } from '../model/plan.js';
import type { Parameters, Sweep, SweepDocument } from '../model/sweep.js';
import { ConfigError } from '../runtime/errors.js';
import { placeholdersOf } from './command.js';
import { commandOf, computationOf, normalComputation } from './computation.js';
import { Fault, isNothing, objectOf, onlyKeys, show, SweepError } from './fault.js';
import { parametersOf, type Normal } from './parameters.js';

/** @throws ConfigError naming the file, what is wrong in it, and the remedy */
export async function readSweep(path: string): Promise<Sweep> {
  let document: unknown;
  try {
    document = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError(
      `SWEEP_FILE=${path}: ${String(cause)}. It must be the JSON document that the chart or \`ttg run\` makes of a values file`,
      { cause },
    );
  }
  return computed(await sweepOf(document, path), path);
}

/**
 * The built-in computation looks at indexes alone: whoever names columns has forgotten to say what computes them.
 * @throws SweepError
 */
export function computed(sweep: Sweep, place: string): Sweep {
  const { columns } = sweep.parameters;
  if (sweep.computation.kind !== 'builtin' || columns.length === 0) return sweep;
  const fault = new Fault(
    ['computation'],
    `says nothing that computes ${columns.join(', ')}: give computation.command, or a module by --source FILE ` +
      '(helm: --set-file computation.source=FILE)',
  );
  throw new SweepError(place, fault);
}

/**
 * The sweep that a plan carries, so that a log explains its own columns; undefined for a plan without one.
 * @throws SweepError also where its table lies on a volume that is not mounted here
 */
export async function sweepOfPlan(plan: Pick<Plan, 'runId' | 'sweep'>): Promise<Sweep | undefined> {
  return plan.sweep && sweepOf(plan.sweep, `the plan of run ${plan.runId}`);
}

/**
 * @param place where the document comes from, for messages
 * @param tableName what the table's text was read from, for messages
 * @throws SweepError
 */
export async function sweepOf(given: unknown, place: string, tableName?: string): Promise<Sweep> {
  try {
    const document = documentOf(given);
    const computation = document.computation ?? {};
    const command = commandOf(computation, ['computation']) ?? [];
    const used = placeholdersOf(command, ['computation', 'command']);
    const { parameters, normal } = parametersOf(document, used, tableName);
    const spec = computationOf(computation, parameters.columns, document.source, ['computation']);
    const id = idOf({ parameters: normal, computation: normalComputation(spec), source: document.source });
    return { id, parameters: checked(parameters), computation: spec, source: document.source, document };
  } catch (error) {
    if (error instanceof Fault) throw new SweepError(place, error);
    throw error;
  }
}

function idOf(content: { parameters: Normal; computation: unknown; source: string | undefined }): string {
  return `sweep:${createHash('sha256').update(canonicalJson(content)).digest('hex').slice(0, 32)}`;
}

/** Only what is known, and nothing that is empty. */
function documentOf(given: unknown): SweepDocument {
  const document = objectOf(given, [], 'an object with "parameters" and "computation"');
  onlyKeys(document, ['parameters', 'computation', 'source', 'table'], []);
  const { parameters, computation, source, table } = document;
  for (const [name, text] of [
    ['source', source],
    ['table', table],
  ] as const)
    if (!isNothing(text) && typeof text !== 'string') throw new Fault([name], `is ${show(text)}: give the file's text`);
  return {
    parameters: isNothing(parameters) ? {} : objectOf(parameters, ['parameters'], 'range, grid, table or sample'),
    ...(isNothing(computation) ? {} : { computation: objectOf(computation, ['computation'], 'command and so on') }),
    ...(isNothing(source) ? {} : { source: source as string }),
    ...(isNothing(table) ? {} : { table: table as string }),
  };
}

/** An index that is none is a mistake of the program. */
function checked(parameters: Parameters): Parameters {
  const { total } = parameters;
  const check = (index: number): number => {
    if (Number.isInteger(index) && index >= 0 && index < total) return index;
    throw new RangeError(`there is no parameter ${index}: they are 0 to ${total - 1}`);
  };
  return {
    ...parameters,
    at: (index) => parameters.at(check(index)),
    textAt: (index) => parameters.textAt(check(index)),
  };
}
