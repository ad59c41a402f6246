/** A run's folder says where its values lie, so that no reader has to: the settings of its store, without the keys. */
import { resolve } from 'node:path';
import type { Config } from '../runtime/config.js';
import { Stores } from './open.js';
import type { Patience } from './retry.js';

const SETTINGS = ['RESULTS_DIRECTORY', 'S3_ENDPOINT', 'S3_REGION', 'S3_BUCKET', 'S3_PREFIX'] as const;

/** What `meta.json` keeps of them; undefined where all values are in the log. */
export function storeSettings(config: Config): Record<string, string> | undefined {
  if (config.RESULTS_DIRECTORY === '' && config.S3_BUCKET === '') return undefined;
  const given = SETTINGS.filter((name) => config[name] !== '').map((name) => [name, config[name]] as const);
  const settings = { ...Object.fromEntries(given), S3_PATH_STYLE: String(config.S3_PATH_STYLE) };
  const { RESULTS_DIRECTORY } = config;
  // Whoever reads the folder may stand elsewhere.
  return RESULTS_DIRECTORY === '' ? settings : { ...settings, RESULTS_DIRECTORY: resolve(RESULTS_DIRECTORY) };
}

/** The environment's settings come first: a store may have moved since. */
export function withStoreOf(
  { store = {} }: { readonly store?: Readonly<Record<string, string>> | undefined },
  config: Config,
): Config {
  if (config.RESULTS_DIRECTORY !== '' || config.S3_BUCKET !== '') return config;
  const { S3_PATH_STYLE, ...texts } = store;
  const known = Object.fromEntries(
    SETTINGS.flatMap((name) => (texts[name] === undefined ? [] : [[name, texts[name]]])),
  );
  return { ...config, ...known, ...(S3_PATH_STYLE === undefined ? {} : { S3_PATH_STYLE: S3_PATH_STYLE === 'true' }) };
}

export function storesOfFolder(
  meta: { readonly store?: Readonly<Record<string, string>> | undefined },
  config: Config,
  patience: Patience,
): Stores {
  return new Stores(withStoreOf(meta, config), patience);
}
