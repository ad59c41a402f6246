/** `--set key=value`: a value over those of the file, as Helm's option of that name sets it, but with decimal numbers. */
import { ConfigError } from '../../core/runtime/errors.js';

type Values = Readonly<Record<string, unknown>>;

/** @param pairs `worker.maxRetries=0`; lists are `{a,b}` */
export function withSets(values: Values, pairs: readonly string[]): Values {
  return pairs.reduce((over, pair) => withSet(over, pair), values);
}

function withSet(values: Values, pair: string): Values {
  const { keys, value } = parsed(pair);
  return placed(values, keys, value, pair);
}

/** The same for Helm's --set-json: its --set would take a decimal number for a text. */
export function jsonSet(pair: string): string {
  const { keys, value } = parsed(pair);
  return `${keys.join('.')}=${JSON.stringify(value)}`;
}

function parsed(pair: string): { readonly keys: readonly string[]; readonly value: unknown } {
  const [, path = '', text = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
  const keys = path.split('.');
  if (path === '' || keys.includes(''))
    throw new ConfigError(`--set ${pair}: give key=value, for example --set worker.maxRetries=0`);
  if (/[[\]\\,]/.test(path))
    throw new ConfigError(`--set ${pair}: a key is words with points between them: write the rest into the file`);
  return { keys, value: valueOf(text) };
}

function placed(values: Values, [key = '', ...rest]: readonly string[], value: unknown, pair: string): Values {
  if (rest.length === 0) return { ...values, [key]: value };
  const inner = values[key] ?? {};
  if (typeof inner !== 'object' || Array.isArray(inner))
    throw new ConfigError(
      `--set ${pair}: ${key} is ${JSON.stringify(inner)} in the file, in which there is no ${rest.join('.')}`,
    );
  return { ...values, [key]: placed(inner as Values, rest, value, pair) };
}

/** Numbers, true, false, null and lists as in YAML; all else is text. */
function valueOf(text: string): unknown {
  if (/^\{.*\}$/s.test(text)) return text === '{}' ? [] : text.slice(1, -1).split(',').map(valueOf);
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(text) ? Number(text) : text;
}
