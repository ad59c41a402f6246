import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { KubeApi } from '../../core/runtime/incluster.js';
import { wakeScaler } from '../../seeder/wake.js';
import { configOf } from './support.js';

const PAUSED = 'autoscaling.keda.sh/paused';
const PATH = '/apis/keda.sh/v1alpha1/namespaces/sweep/scaledjobs/ttg-worker';

async function wake(
  scaledJob: unknown,
  env: Record<string, string> = { SCALED_JOB_NAME: 'ttg-worker', POD_NAMESPACE: 'sweep' },
): Promise<{ patched: unknown[]; logged: string[] }> {
  const patched: unknown[] = [];
  const logged: string[] = [];
  const log = pino({}, { write: (line: string) => void logged.push((JSON.parse(line) as { msg: string }).msg) });
  const api: KubeApi = {
    get: (path) =>
      scaledJob instanceof Error
        ? Promise.reject(scaledJob)
        : Promise.resolve(path === PATH ? JSON.stringify(scaledJob) : 'null'),
    patch: (path, body) => Promise.resolve(String(patched.push([path, body]))),
    delete: (path) => Promise.reject(new Error(`not to be deleted: ${path}`)),
  };
  await wakeScaler(configOf(env), log, () => api);
  return { patched, logged };
}

const notReady = (annotations?: Record<string, string>): unknown => ({
  metadata: { ...(annotations ? { annotations } : {}) },
  status: { conditions: [{ type: 'Ready', status: 'False' }] },
});

describe('waking the scaler', () => {
  it.each([
    ['was not annotated', undefined, 'false'],
    ['has other annotations', { team: 'a' }, 'false'],
    ['was woken once', { [PAUSED]: 'false' }, '0'],
    ['was woken twice', { [PAUSED]: '0' }, 'false'],
  ])(
    'changes an annotation that means the same, where the ScaledJob is not ready and %s',
    async (_, annotations, value) => {
      const { patched } = await wake(notReady(annotations));
      expect(patched).toEqual([[PATH, { metadata: { annotations: { [PAUSED]: value } } }]]);
    },
  );

  it('leaves a ScaledJob alone that is ready', async () => {
    const { patched } = await wake({
      metadata: {},
      status: {
        conditions: [
          { type: 'Active', status: 'False' },
          { type: 'Ready', status: 'True' },
        ],
      },
    });
    expect(patched).toEqual([]);
  });

  it('wakes a ScaledJob that has no status yet', async () => {
    expect((await wake({ metadata: {} })).patched).toHaveLength(1);
  });

  it('leaves a ScaledJob alone that someone has paused, and says so', async () => {
    const { patched, logged } = await wake(notReady({ [PAUSED]: 'true' }));
    expect(patched).toEqual([]);
    expect(logged).toEqual(['the ScaledJob is paused']);
  });

  it('does not fail the seeding where the API refuses', async () => {
    const { patched, logged } = await wake(new Error('403 Forbidden'));
    expect(patched).toEqual([]);
    expect(logged).toEqual(['could not wake the scaler: the first worker may come later']);
  });

  it('asks nobody where there is no ScaledJob', async () => {
    expect(await wake(new Error('not to be asked'), {})).toEqual({ patched: [], logged: [] });
  });
});
