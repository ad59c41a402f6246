/** Which store a setting means, and whether it can be used. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { ExternalStore } from '../model/plan.js';
import type { Config } from '../runtime/config.js';
import { ConfigError } from '../runtime/errors.js';
import type { Logger } from '../runtime/logger.js';
import { CredentialsSource } from './credentials.js';
import { DirectoryStore } from './directory.js';
import type { ValueStore } from './port.js';
import { WAITING_FOR_STORE, type Patience } from './retry.js';
import { S3Store } from './s3.js';

const PREFIX = /^([A-Za-z0-9_.-]+\/)*$/;
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;
const PROBE = Buffer.from('ttg: an object by this name can be deleted\n');

/** Each is opened when a record asks for it: a reader needs the settings only of what its run used. */
export class Stores {
  readonly #config: Config;
  readonly #patience: Patience;
  readonly #open = new Map<ExternalStore, ValueStore>();

  constructor(config: Config, patience: Patience = {}) {
    this.#config = config;
    this.#patience = patience;
  }

  /** @throws ConfigError where its settings are missing or wrong */
  of(kind: ExternalStore): ValueStore {
    let store = this.#open.get(kind);
    if (!store) this.#open.set(kind, (store = openStore(kind, this.#config, this.#patience)));
    return store;
  }
}

/** @throws ConfigError where its settings are missing or wrong */
export function openStore(kind: ExternalStore, config: Config, patience: Patience = {}): ValueStore {
  if (kind === 'directory') {
    if (config.RESULTS_DIRECTORY === '')
      throw new ConfigError('values lie in a directory, and RESULTS_DIRECTORY is not set: name the folder there');
    return new DirectoryStore(resolve(config.RESULTS_DIRECTORY), patience);
  }
  const { S3_ENDPOINT: endpoint, S3_REGION: region, S3_BUCKET: bucket, S3_PATH_STYLE: pathStyle } = config;
  if (!BUCKET.test(bucket))
    throw new ConfigError(
      bucket === ''
        ? 'values lie in S3, and S3_BUCKET is not set: name the bucket there, and the server in S3_ENDPOINT'
        : `S3_BUCKET=${bucket} is no name of a bucket: letters, digits, dots and dashes`,
    );
  const folder = config.S3_PREFIX.replace(/^\/+|\/+$/g, '');
  const prefix = folder === '' ? '' : `${folder}/`;
  if (!PREFIX.test(prefix))
    throw new ConfigError(
      `S3_PREFIX=${config.S3_PREFIX} has characters other than letters, digits, dots, dashes, underscores and slashes: ` +
        'choose another one (chart: results.s3.prefix)',
    );
  return new S3Store(
    { endpoint, region, bucket, prefix, pathStyle },
    new CredentialsSource(config, config.childEnvironment),
    patience,
  );
}

/**
 * Puts, reads and deletes an object.
 * @throws ConfigError where that is refused, StoreAway where the store does not answer
 */
export async function probeStore(store: ValueStore): Promise<void> {
  const name = `probe/${randomBytes(8).toString('hex')}`;
  await store.put(name, PROBE);
  const read = await store.get(name);
  if (!read.equals(PROBE))
    throw new ConfigError(`${store.place} gives other bytes than it was given: choose another store`);
  await store.delete(name);
}

/** For the log of whoever can do nothing before the store answers. */
export const sayingThatItWaits =
  (log: Logger): NonNullable<Patience['waits']> =>
  (reason) =>
    log.info({ reason }, WAITING_FOR_STORE);

/** What a worker asks before it computes: the same object each time, which stays. */
export async function awaitStore(store: ValueStore): Promise<void> {
  await store.put('probe/worker', PROBE);
}
