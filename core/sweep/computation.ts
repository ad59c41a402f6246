/** What computes a sweep's parameters, checked: the built-in, a module, or a program. */
import type { ComputationSpec } from '../model/sweep.js';
import { placeholdersOf, checkPlaceholders } from './command.js';
import { Fault, isNothing, numberOf, onlyKeys, show, wholeOf, type Path } from './fault.js';
import { RESERVED } from './names.js';

const KEYS = ['command', 'protocol', 'batch', 'concurrency', 'timeoutSeconds', 'memory'] as const;
/** Parameters in a line: more of them make no line's share smaller that could still be seen. */
const MOST_IN_A_LINE = 1000;
const MOST_SECONDS = 2_147_483;

export type Settings = Readonly<Record<string, unknown>>;

/** The command alone: its placeholders help to read the columns' names. */
export function commandOf(computation: Settings, path: Path): readonly string[] | undefined {
  const { command } = computation;
  if (isNothing(command)) return undefined;
  const where = [...path, 'command'];
  if (!Array.isArray(command))
    throw new Fault(
      where,
      `is ${show(command)}: give a list, [python3, "{source}", --alpha, "{alpha}"]; there is no shell`,
    );
  return command.map((argument: unknown, i) => {
    if (typeof argument === 'number' && Number.isFinite(argument)) return String(argument);
    if (typeof argument === 'string' && !argument.includes('\0') && (i > 0 || argument !== '')) return argument;
    throw new Fault([...where, i], `is ${show(argument)}: give a text, in quotes`);
  });
}

/** @param columns of the parameters */
export function computationOf(
  computation: Settings,
  columns: readonly string[],
  source: string | undefined,
  path: Path,
): ComputationSpec {
  onlyKeys(computation, KEYS, path);
  const command = commandOf(computation, path);
  const protocol = protocolOf(computation['protocol'], [...path, 'protocol']);
  if (!command) {
    const useless = KEYS.find((key) => !isNothing(computation[key]) && !isDefault(key, computation[key]));
    if (useless !== undefined)
      throw new Fault(
        [...path, useless],
        'belongs to a program, and there is no computation.command: give one, or leave it out',
      );
    return { kind: source === undefined ? 'builtin' : 'module' };
  }
  const where = [...path, 'command'];
  const lasting = source === undefined ? [] : ['source'];
  if (source === undefined && placeholdersOf(command, where).has('source'))
    throw new Fault(
      where,
      'has {source}, and no source is given: add --source FILE (helm: --set-file computation.source=FILE)',
    );
  if (protocol === 'lines') {
    const changing = [...placeholdersOf(command, where)].find((name) => name !== 'source');
    if (changing !== undefined && [...columns, ...RESERVED].includes(changing))
      throw new Fault(
        where,
        `has {${changing}}, and with protocol "lines" one process computes many parameters: take it out and read it from standard input`,
      );
    checkPlaceholders(command, lasting.length > 0 ? lasting : ['source'], where);
  } else checkPlaceholders(command, [...columns, 'index', 'json', ...lasting], where);
  return {
    kind: 'program',
    command,
    protocol,
    batch: batchOf(computation['batch'], protocol, [...path, 'batch']),
    concurrency: isNothing(computation['concurrency'])
      ? 1
      : wholeOf(computation['concurrency'], [...path, 'concurrency'], 1, 10_000),
    timeoutSeconds: secondsOf(computation['timeoutSeconds'], [...path, 'timeoutSeconds']),
    memoryBytes: bytesOf(computation['memory'], [...path, 'memory']),
  };
}

/** What decides the values: the limits, the concurrency and the batches do not. */
export function normalComputation(spec: ComputationSpec): unknown {
  return spec.kind === 'program' ? { command: spec.command, protocol: spec.protocol } : spec;
}

function isDefault(key: (typeof KEYS)[number], value: unknown): boolean {
  return (key === 'protocol' && value === 'process') || (key === 'concurrency' && value === 1) || value === 0;
}

function protocolOf(given: unknown, path: Path): 'process' | 'lines' {
  if (isNothing(given)) return 'process';
  if (given === 'process' || given === 'lines') return given;
  throw new Fault(path, `is ${show(given)}: give process (one process a parameter) or lines (a line in, a line out)`);
}

function batchOf(given: unknown, protocol: 'process' | 'lines', path: Path): number | undefined {
  if (isNothing(given)) return undefined;
  if (protocol === 'lines') return wholeOf(given, path, 1, MOST_IN_A_LINE);
  throw new Fault(path, 'is for protocol lines, whose lines carry parameters: set protocol: lines, or leave it out');
}

function secondsOf(given: unknown, path: Path): number | undefined {
  if (isNothing(given) || given === 0) return undefined;
  const seconds = numberOf(given, path);
  if (seconds > 0 && seconds <= MOST_SECONDS) return seconds;
  throw new Fault(
    path,
    `is ${seconds}: give a number of seconds above 0 and up to ${MOST_SECONDS}, or leave it out for no limit`,
  );
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  'k': 1e3,
  'M': 1e6,
  'G': 1e9,
  'T': 1e12,
  'Ki': 2 ** 10,
  'Mi': 2 ** 20,
  'Gi': 2 ** 30,
  'Ti': 2 ** 40,
};

/** A quantity of Kubernetes. */
function bytesOf(given: unknown, path: Path): number | undefined {
  if (isNothing(given) || given === 0) return undefined;
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)(|[kMGT]|[KMGT]i)$/.exec(String(given)) ?? [];
  const bytes = Math.floor(Number(digits) * (UNITS[unit] ?? 0));
  if (digits !== '' && bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new Fault(path, `is ${show(given)}: give a number of bytes with an optional unit, for example 512Mi or 2Gi`);
}
