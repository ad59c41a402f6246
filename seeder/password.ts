/**
 * The password of the bundled broker: made once, inside the cluster, and written into the Secret that the chart has
 * made empty. A chart that renders a password renders another one wherever it cannot look into the cluster.
 */
import { randomInt } from 'node:crypto';
import { backoff, delay } from '../core/runtime/backoff.js';
import type { Config } from '../core/runtime/config.js';
import type { KubeApi } from '../core/runtime/incluster.js';
import type { Logger } from '../core/runtime/logger.js';

const LENGTH = 32;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Tells the chart that the password is none of Helm's fields. */
const MADE_HERE = { 'ttg.io/password-by': 'seeder' };

interface Secret {
  readonly metadata: { readonly resourceVersion: string };
  readonly data?: Record<string, string>;
}

/** Two or three seconds: the right to write the Secret is made in the same moment as this pod. */
const TRIES = 6;

/**
 * The configuration with the broker's password. The environment has it already, except in the first seeder of a
 * release.
 * @throws KubeError where the Secret cannot be read or written: the Job then tries again
 */
export async function withPassword(
  config: Config,
  log: Logger,
  stop: AbortSignal,
  api: () => KubeApi,
): Promise<Config> {
  const variable = config.QUEUE_BACKEND === 'redis' ? 'REDIS_PASSWORD' : 'RABBITMQ_PASSWORD';
  if (!config.AUTH_SECRET_NAME || config.QUEUE_BACKEND === 'embedded' || config[variable]) return config;
  const key = `${config.QUEUE_BACKEND}-password`;
  const path = `/api/v1/namespaces/${config.POD_NAMESPACE}/secrets/${config.AUTH_SECRET_NAME}`;
  const kube = api();
  for (let n = 1; ; n++) {
    try {
      return { ...config, [variable]: await passwordIn(kube, path, key, log) };
    } catch (thrown) {
      if (n === TRIES || stop.aborted) throw thrown;
      await delay(backoff(n), stop);
    }
  }
}

async function passwordIn(kube: KubeApi, path: string, key: string, log: Logger): Promise<string> {
  const secret = JSON.parse(await kube.get(path)) as Secret;
  const known = Buffer.from(secret.data?.[key] ?? '', 'base64').toString();
  if (known) return known;
  const password = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  // With the version that was read: of two seeders one makes the password, and the other one is refused and takes it.
  const { resourceVersion } = secret.metadata;
  const data = { [key]: Buffer.from(password).toString('base64') };
  await kube.patch(path, { metadata: { resourceVersion, annotations: MADE_HERE }, data });
  log.info({ path }, "made the broker's password");
  return password;
}
