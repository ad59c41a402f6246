/**
 * One description of a script gives its flags, their types and its help: unknown flags and wrong values are refused.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util';

export interface Flag {
  /** optional: a boolean that may be given a value */
  type: 'string' | 'number' | 'boolean' | 'optional';
  /** one line, without a full stop */
  help: string;
  /** what stands for the value in the help: V, NAME, N … */
  value?: string;
  /** the only values that are allowed */
  choices?: readonly string[];
  /** may be given several times */
  multiple?: boolean;
  default?: string | number;
  /** one letter */
  short?: string;
}

type FlagValue<F extends Flag> = F['type'] extends 'boolean'
  ? boolean
  : F['type'] extends 'optional'
    ? boolean | string
    : F extends { multiple: true }
      ? string[]
      : F extends { default: string | number }
        ? FlagScalar<F>
        : FlagScalar<F> | undefined;

type FlagScalar<F extends Flag> = F['type'] extends 'number'
  ? number
  : F extends { choices: readonly (infer C)[] }
    ? C
    : string;

export type Flags<F extends Record<string, Flag>> = { [K in keyof F]: FlagValue<F[K]> };

export interface Usage<F extends Record<string, Flag>> {
  /** the script's file name without .mjs */
  name: string;
  /** what it does, in a sentence or a few lines */
  about: string;
  flags: F;
  /** the flag that one word without a flag stands for */
  positional?: string;
  examples?: string[];
}

/** Flags that several scripts share. */
export const CLUSTER_NAME = {
  name: {
    type: 'string',
    value: 'CLUSTER',
    default: 'ttg',
    help: 'name of the Kind cluster; its kubectl context is kind-CLUSTER',
  },
} as const;

export const CONTEXT = {
  name: {
    type: 'string',
    value: 'CLUSTER',
    default: 'ttg',
    help: 'name of the Kind cluster, the same as --context kind-CLUSTER',
  },
  context: { type: 'string', value: 'C', help: 'kubectl context of any other cluster' },
} as const;

export const NAMESPACE = {
  namespace: { type: 'string', value: 'N', short: 'n', default: 'default', help: 'namespace of the release' },
} as const;

export const RELEASE = {
  release: { type: 'string', value: 'R', default: 'ttg', help: 'name of the Helm release' },
} as const;

/** What every script about one run of a release takes. */
export const RUN = {
  ...CONTEXT,
  ...NAMESPACE,
  ...RELEASE,
  'run-id': { type: 'string', value: 'ID', help: 'another run than the one the release was last deployed with' },
} as const;

/** Wrong arguments: exit status 2, with the help. */
export class UsageError extends Error {}

/** What follows the script's own path, under `node scripts/x.mjs …` and `npx zx scripts/x.mjs …` alike. */
export function scriptArguments(argv = process.argv) {
  const script = argv.findIndex((word, index) => index > 0 && word.endsWith('.mjs'));
  return argv.slice(script === -1 ? 2 : script + 1);
}

/** @throws UsageError naming the flag, what was given and what is allowed */
export function parseFlags<F extends Record<string, Flag>>(usage: Usage<F>, args: string[]): Flags<F> | 'help' {
  const values = rawValues(usage, args);
  if (values.help === true) return 'help';
  const entries = Object.entries(usage.flags).map(([name, flag]) => [name, valueOf(name, flag, values[name])]);
  return Object.fromEntries(entries) as Flags<F>;
}

type Given = string | boolean | (string | boolean)[] | undefined;

function rawValues(usage: Usage<Record<string, Flag>>, args: string[]): Record<string, Given> {
  const options: NonNullable<ParseArgsConfig['options']> = { help: { type: 'boolean', short: 'h' } };
  for (const [name, { type, multiple = false, short }] of Object.entries(usage.flags))
    options[name] = { type: type === 'boolean' ? 'boolean' : 'string', multiple, ...(short ? { short } : {}) };
  try {
    const { values, positionals } = parseArgs({
      args: joinOptional(usage, args),
      options,
      strict: true,
      allowPositionals: usage.positional !== undefined,
    });
    if (positionals.length > 1) throw new Error(`Unexpected argument '${positionals[1]}'`);
    return usage.positional !== undefined && positionals.length === 1
      ? { [usage.positional]: positionals[0], ...values }
      : values;
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new UsageError(message.replace(/\. To specify a positional.*$/s, ''));
  }
}

/**
 * parseArgs knows no optional values: `--flag word` becomes `--flag=word`, and a `--flag` alone gets an empty one.
 */
function joinOptional(usage: Usage<Record<string, Flag>>, args: string[]) {
  const joined: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    const next = args[at + 1];
    if (usage.flags[word.slice(2)]?.type !== 'optional' || !word.startsWith('--')) joined.push(word);
    else if (next === undefined || next.startsWith('-')) joined.push(`${word}=`);
    else joined.push(`${word}=${args[++at]}`);
  }
  return joined;
}

function valueOf(name: string, flag: Flag, given: Given): Given | number {
  if (flag.type === 'boolean') return given === true;
  if (flag.type === 'optional') return given === undefined ? false : given === '' || given;
  if (flag.multiple) return given ?? [];
  if (given === undefined) return flag.default;
  if (given === '') throw new UsageError(`--${name} needs a value`);
  const text = String(given);
  if (flag.type === 'number') {
    const number = Number(text);
    if (!Number.isFinite(number) || number < 0) throw new UsageError(`--${name} ${text}: must be a number from 0`);
    return number;
  }
  if (flag.choices && !flag.choices.includes(text)) {
    throw new UsageError(`--${name} ${text}: must be one of ${flag.choices.join(', ')}`);
  }
  return given;
}

/**
 * Flags that a script only passes on to `ttg`, as `ttg` takes them: `--name`, or `--name=value`, so that no value is
 * taken for another option.
 */
export function asArguments<F extends Record<string, Flag>>(own: F, flags: Flags<F>): string[] {
  return Object.keys(own).flatMap((name) => {
    const given = flags[name];
    if (given === undefined || given === false) return [];
    return [given === true ? `--${name}` : `--${name}=${String(given)}`];
  });
}

export function helpText(usage: Usage<Record<string, Flag>>): string {
  const rows = Object.entries(usage.flags).map(([name, flag]) => {
    const value =
      flag.type === 'boolean'
        ? ''
        : flag.type === 'optional'
          ? `[=${flag.value ?? 'TEXT'}]`
          : ` ${flag.choices?.join('|') ?? flag.value ?? (flag.type === 'number' ? 'N' : 'TEXT')}`;
    const notes = [
      flag.default === undefined ? '' : `default ${flag.default}`,
      flag.multiple ? 'may be repeated' : '',
    ].filter(Boolean);
    return [
      `${flag.short ? `-${flag.short}, ` : ''}--${name}${value}`,
      `${flag.help}${notes.length ? ` (${notes.join('; ')})` : ''}`,
    ];
  });
  rows.push(['-h, --help', 'this text']);
  const width = Math.min(36, Math.max(...rows.map(([left]) => left?.length ?? 0)));
  const lines = rows.map(([left = '', right]) => `  ${left.padEnd(width)}  ${right}`);
  const examples = usage.examples?.length
    ? ['', 'Examples:', ...usage.examples.map((e) => `  npx zx scripts/${e}`)]
    : [];
  return [
    `Usage: npx zx scripts/${usage.name}.mjs${usage.positional ? ` [${usage.flags[usage.positional]?.value ?? 'WORD'}]` : ''} [flags]`,
    '',
    usage.about,
    '',
    ...lines,
    ...examples,
  ].join('\n');
}
