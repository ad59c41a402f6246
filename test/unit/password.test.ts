/** The broker's password: made once, whoever else makes one at the same moment. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { CONFLICT, KubeError, type KubeApi } from '../../core/runtime/incluster.js';
import { withPassword } from '../../seeder/password.js';
import { configOf } from './support.js';

const PATH = '/api/v1/namespaces/sweep/secrets/ttg-auth';
const ENV = { AUTH_SECRET_NAME: 'ttg-auth', POD_NAMESPACE: 'sweep' };
const silent = pino({ level: 'silent' });
const never = new AbortController().signal;

interface Patch {
  readonly metadata: { readonly resourceVersion: string; readonly annotations: Record<string, string> };
  readonly data: Record<string, string>;
}

/** One Secret, as the API server keeps it. */
class Cluster implements KubeApi {
  version = 1;
  data: Record<string, string> = {};
  readonly patches: Patch[] = [];
  /** Runs once, between the reading and the writing. */
  meanwhile: (() => void) | undefined;
  failures = 0;

  get(path: string): Promise<string> {
    if (this.failures-- > 0) return Promise.reject(new KubeError(403, 'forbidden'));
    expect(path).toBe(PATH);
    return Promise.resolve(JSON.stringify({ metadata: { resourceVersion: String(this.version) }, data: this.data }));
  }

  patch(path: string, body: unknown): Promise<string> {
    expect(path).toBe(PATH);
    this.meanwhile?.();
    this.meanwhile = undefined;
    const patch = body as Patch;
    if (patch.metadata.resourceVersion !== String(this.version))
      return Promise.reject(new KubeError(CONFLICT, 'the object has been modified'));
    this.patches.push(patch);
    this.write(patch.data);
    return Promise.resolve('');
  }

  delete(): Promise<string> {
    return Promise.reject(new Error('nothing is deleted'));
  }

  write(data: Record<string, string>): void {
    this.data = { ...this.data, ...data };
    this.version++;
  }
}

const decoded = (text = ''): string => Buffer.from(text, 'base64').toString();

describe("the broker's password", () => {
  it.each([
    ['redis', 'REDIS_PASSWORD'],
    ['rabbitmq', 'RABBITMQ_PASSWORD'],
  ] as const)('is made and kept in the Secret, for %s', async (backend, variable) => {
    const cluster = new Cluster();
    cluster.data = { 'rabbitmq-user': 'dHRn' };
    const config = await withPassword(configOf({ ...ENV, QUEUE_BACKEND: backend }), silent, never, () => cluster);
    expect(config[variable]).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(decoded(cluster.data[`${backend}-password`])).toBe(config[variable]);
    expect(cluster.data['rabbitmq-user']).toBe('dHRn');
    expect(cluster.patches[0]?.metadata.annotations).toEqual({ 'ttg.io/password-by': 'seeder' });
  });

  it('stays what it is: a second seeder takes it and writes nothing', async () => {
    const cluster = new Cluster();
    const first = await withPassword(configOf(ENV), silent, never, () => cluster);
    const second = await withPassword(configOf(ENV), silent, never, () => cluster);
    expect(second.REDIS_PASSWORD).toBe(first.REDIS_PASSWORD);
    expect(cluster.patches).toHaveLength(1);
  });

  it('is the other seeder’s where two make one at the same moment', async () => {
    const cluster = new Cluster();
    cluster.meanwhile = () => cluster.write({ 'redis-password': Buffer.from('theirs').toString('base64') });
    const config = await withPassword(configOf(ENV), silent, never, () => cluster);
    expect(config.REDIS_PASSWORD).toBe('theirs');
    expect(cluster.patches).toEqual([]);
  });

  it('is asked for again where the right to read it comes a moment later', async () => {
    const cluster = new Cluster();
    cluster.failures = 2;
    expect((await withPassword(configOf(ENV), silent, never, () => cluster)).REDIS_PASSWORD).toHaveLength(32);
  });

  it('ends the seeder, for its Job to try again, where the API refuses for good', async () => {
    const cluster = new Cluster();
    cluster.failures = Infinity;
    const stopped = AbortSignal.abort();
    await expect(withPassword(configOf(ENV), silent, stopped, () => cluster)).rejects.toThrow('forbidden');
  });

  it.each([
    ['the environment has one', { ...ENV, REDIS_PASSWORD: 'known' }],
    ['the Secret is the user’s', { POD_NAMESPACE: 'sweep' }],
  ])('concerns nobody where %s', async (_, env: Record<string, string>) => {
    const asked = (): KubeApi => {
      throw new Error('not to be asked');
    };
    const config = configOf(env);
    expect(await withPassword(config, silent, never, asked)).toBe(config);
  });
});
