/** `--set key=value`: a value over those of the file, as Helm's option of that name sets it. */
import { ConfigError } from '../../core/runtime/errors.js';

type Values = Readonly<Record<string, unknown>>;

/** @param pairs `worker.maxRetries=0`; lists are `{a,b}` */
export function withSets(values: Values, pairs: readonly string[]): Values {
  return pairs.reduce((over, pair) => withSet(over, pair), values);
}

function withSet(values: Values, pair: string): Values {
  const [, path = '', text = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
  const keys = path.split('.');
  if (path === '' || keys.includes(''))
    throw new ConfigError(`--set ${pair}: give key=value, for example --set worker.maxRetries=0`);
  if (/[[\]\\,]/.test(path))
    throw new ConfigError(`--set ${pair}: a key is words with points between them: write the rest into the file`);
  return placed(values, keys, valueOf(text), pair);
}

function placed(values: Values, [key = '', ...rest]: readonly string[], value: unknown, pair: string): Values {
  if (rest.length === 0) return { ...values, [key]: value };
  const inner = values[key] ?? {};
  if (typeof inner !== 'object' || Array.isArray(inner))
    throw new ConfigError(`--set ${pair}: ${key} is ${JSON.stringify(inner)} in the file, in which there is no ${rest.join('.')}`);
  return { ...values, [key]: placed(inner as Values, rest, value, pair) };
}

/** As Helm's parser: whole numbers, true, false, null and lists; all else is text, a decimal number too. */
function valueOf(text: string): unknown {
  if (/^\{.*\}$/s.test(text)) return text === '{}' ? [] : text.slice(1, -1).split(',').map(valueOf);
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  return /^(0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}
