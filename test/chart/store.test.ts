/** Values outside of the log: who is told where they go, who has the volume, and what is refused. */
import { describe, expect, it } from 'vitest';
import { containers, one, refusal, render, type Render } from './support/helm.js';
import { violation } from './support/violation.js';

const s3 = { store: 's3', s3: { bucket: 'values', existingSecret: 'keys' } };
const volume = { extraVolumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] };
const mounted = { ...volume, extraVolumeMounts: [{ name: 'data', mountPath: '/data' }] };
const directory = { store: 'directory', directory: { path: '/data/values' } };

const ofRole = (options: Render, name: string) => containers(render(options)).find((each) => each.name === name);
const variable = (options: Render, role: string, name: string) =>
  ofRole(options, role)?.env?.find((each) => each.name === name);

describe('values outside of the log', () => {
  it.each(['seeder', 'worker'])('are told to the %s, with the keys of the Secret', (role) => {
    const options = { data: { results: s3 } };
    expect(variable(options, role, 'RESULTS_STORE')).toMatchObject({ value: 's3' });
    expect(variable(options, role, 'S3_BUCKET')).toMatchObject({ value: 'values' });
    expect(variable(options, role, 'S3_SECRET_ACCESS_KEY')).toMatchObject({
      valueFrom: { secretKeyRef: { name: 'keys', key: 'secret-access-key' } },
    });
    expect(variable(options, role, 'S3_ENDPOINT')).toBeUndefined();
  });

  it('need no Secret where service accounts have a role', () => {
    const annotations = { 'eks.amazonaws.com/role-arn': 'arn:role' };
    const options = {
      data: {
        results: { store: 's3', s3: { bucket: 'values' } },
        worker: { serviceAccountName: 'model' },
        seeder: { serviceAccountAnnotations: annotations },
      },
    };
    expect(variable(options, 'worker', 'S3_ACCESS_KEY_ID')).toBeUndefined();
    expect(one(render(options), 'ServiceAccount', 'ttg-seeder').metadata).toMatchObject({ annotations });
  });

  it.each(['seeder', 'worker'])('lie on a volume that the %s mounts', (role) => {
    const options = { data: { results: directory, worker: mounted } };
    expect(variable(options, role, 'RESULTS_DIRECTORY')).toMatchObject({ value: '/data/values' });
    expect(ofRole(options, role)).toMatchObject({
      volumeMounts: expect.arrayContaining([{ name: 'data', mountPath: '/data' }]) as unknown,
    });
  });

  it('are told to no worker where they stay in the log', () => {
    expect(variable({ data: { results: { store: 'log' } } }, 'worker', 'RESULTS_STORE')).toBeUndefined();
    expect(variable({ data: { results: { store: 'log' } } }, 'seeder', 'RESULTS_STORE')).toMatchObject({
      value: 'log',
    });
  });

  const readOnly = { ...volume, extraVolumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true }] };
  const elsewhere = { ...volume, extraVolumeMounts: [{ name: 'data', mountPath: '/dat' }] };
  const wrong: [string, object, RegExp][] = [
    ['no bucket', { results: { ...s3, s3: { existingSecret: 'keys' } } }, /set results\.s3\.bucket/],
    ['no credentials', { results: { store: 's3', s3: { bucket: 'values' } } }, /set results\.s3\.existingSecret/],
    ['no folder', { results: { store: 'directory' } }, /set results\.directory\.path/],
    ['a folder on no volume', { results: directory }, /in worker\.extraVolumeMounts/],
    ['a folder beside the volume', { results: directory, worker: elsewhere }, /in worker\.extraVolumeMounts/],
    ['a folder that nobody may write', { results: directory, worker: readOnly }, /without readOnly/],
    [
      'an endpoint that is none',
      { results: { ...s3, s3: { ...s3.s3, endpoint: 'minio' } } },
      violation('results.s3.endpoint', 'pattern'),
    ],
  ];

  it.each(wrong)('are refused with %s', (_, data, remedy) => {
    expect(refusal({ data: data as Record<string, unknown> })).toMatch(remedy);
  });
});
