/** Workers in an image of the user's, and with volumes, variables and labels of theirs. */
import { describe, expect, it } from 'vitest';
import { containers, one, pods, refusal, render, type PodSpec, type Render } from './support/helm.js';

const template = (options: Render) => {
  const objects = render(options);
  const owner = objects.find(({ kind, metadata }) => kind === 'ScaledJob' || metadata.name.includes('-static-'));
  const [pod] = pods(owner ? [owner] : []);
  if (!pod) throw new Error('no worker');
  return pod;
};
const worker = (spec: PodSpec) => spec.containers.find(({ name }) => name === 'worker');
const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

it('an image of your own has a /tmp, and so has the seeder, which tries its module', () => {
  const objects = render({ set: ['worker.image=a:1', 'computation.source=export'] });
  const seeder = containers(objects).find(({ name }) => name === 'seeder');
  expect(seeder?.volumeMounts).toContainEqual({ name: 'tmp', mountPath: '/tmp' });
});

describe.each([
  ['workers of KEDA', {}],
  ['an Indexed Job', { mode: 'static' }],
])('an image of your own, for %s', (_what, mode) => {
  const own: Render = { data: { ...mode, worker: { image: 'registry.example:5000/lab/model:1' } } };

  it('gets Node and the worker from an init container, and starts them without a shell', () => {
    const { spec } = template(own);
    expect(spec.initContainers).toMatchObject([
      { name: 'install', image: 'ttg:1.0.0', command: ['node', 'install.js', '/ttg'], securityContext: restricted },
    ]);
    expect(spec.initContainers?.[0]?.volumeMounts).toEqual([{ name: 'ttg', mountPath: '/ttg' }]);
    expect(worker(spec)).toMatchObject({
      image: 'registry.example:5000/lab/model:1',
      imagePullPolicy: 'IfNotPresent',
      command: ['/ttg/lib/ld.so', '--library-path', '/ttg/lib', '/ttg/node', '/ttg/start.js'],
      securityContext: restricted,
    });
    expect(worker(spec)?.volumeMounts).toEqual([
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'ttg', mountPath: '/ttg', readOnly: true },
    ]);
    expect(spec.volumes).toEqual([
      { name: 'tmp', emptyDir: { sizeLimit: '1Gi' } },
      { name: 'ttg', emptyDir: { sizeLimit: '512Mi' } },
    ]);
  });

  it('runs as no root, whatever it says itself', () => {
    const security = { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 };
    expect(template(own).spec.securityContext).toMatchObject(security);
    const set = ['worker.runAsUser=65532', 'worker.image=model:1'];
    const other = { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532 };
    expect(template({ ...own, set }).spec.securityContext).toMatchObject(other);
    expect(refusal({ set: ['worker.runAsUser=0'] })).toMatch(/runAsUser/);
  });

  it('is nobody else’s: seeder and test pod keep the chart’s image', () => {
    const others = containers(render(own)).filter(({ name }) => ['seeder', 'verify'].includes(name));
    for (const { name, image } of others) expect(image, name).toBe('ttg:1.0.0');
  });
});

describe('worker.image', () => {
  const image = (options: Render) => {
    const { image, imagePullPolicy } = worker(template(options).spec) as { image: string; imagePullPolicy?: string };
    return [image, imagePullPolicy];
  };

  it('is a text or its parts, by a file or by --set', () => {
    expect(image({ set: ['worker.image=lab/model:1'] })).toEqual(['lab/model:1', 'IfNotPresent']);
    const digest = `lab/model@sha256:${'0'.repeat(64)}`;
    expect(image({ data: { worker: { image: digest } } })).toEqual([digest, 'IfNotPresent']);
    const parts = { repository: 'lab/model', tag: 20261125, pullPolicy: 'Always' };
    expect(image({ data: { worker: { image: parts } } })).toEqual(['lab/model:20261125', 'Always']);
    const set = ['worker.image.repository=lab/model', 'worker.image.tag=2'];
    expect(image({ set })).toEqual(['lab/model:2', 'IfNotPresent']);
    expect(image({ set: ['worker.image='] })).toEqual(['ttg:1.0.0', 'IfNotPresent']);
  });

  it('needs a tag where it is given in parts', () => {
    expect(refusal({ set: ['worker.image.repository=lab/model'] })).toMatch(/tag/);
  });

  it('makes another worker spec, so that stuck Jobs of a misspelt image are removed', () => {
    const spec = (of: string) =>
      one(render({ set: [`worker.image=${of}`] }), 'ScaledJob').metadata.labels?.['ttg.io/worker-spec'];
    expect(spec('a:1')).not.toBe(spec('b:1'));
  });
});

describe('what a program needs around it', () => {
  const extras = {
    podLabels: { 'team': 7, 'app.kubernetes.io/part-of': 'lab' },
    extraEnv: [{ name: 'HOME', value: '/tmp' }],
    envFrom: [{ secretRef: { name: 'keys' } }, { prefix: 'C_', configMapRef: { name: 'settings', optional: true } }],
    extraVolumes: [
      { name: 'data', persistentVolumeClaim: { claimName: 'points' } },
      { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
    ],
    extraVolumeMounts: [
      { name: 'data', mountPath: '/data', readOnly: true, subPath: 'a' },
      { name: 'shm', mountPath: '/dev-shm' },
    ],
    serviceAccountName: 'reader',
    priorityClassName: 'low',
    runtimeClassName: 'nvidia',
    resources: { limits: { 'nvidia.com/gpu': 1 } },
  };

  it.each(['queue', 'static'])('is in the worker pods of mode %s, and in no other', (mode) => {
    const options = { data: { mode, worker: extras } };
    const { metadata, spec } = template(options);
    expect(metadata.labels).toMatchObject({ 'team': '7', 'app.kubernetes.io/part-of': 'lab' });
    expect(spec).toMatchObject({
      serviceAccountName: 'reader',
      priorityClassName: 'low',
      runtimeClassName: 'nvidia',
      // A service account is for workload identity: the Kubernetes API is none of a computation's business.
      automountServiceAccountToken: false,
      volumes: extras.extraVolumes,
    });
    expect(worker(spec)).toMatchObject({ envFrom: extras.envFrom, volumeMounts: extras.extraVolumeMounts });
    expect(worker(spec)?.env).toContainEqual({ name: 'HOME', value: '/tmp' });
    expect(worker(spec)?.resources?.limits).toHaveProperty(['nvidia.com/gpu'], 1);
    for (const pod of pods(render(options)).filter(({ spec }) => !worker(spec))) {
      expect(JSON.stringify(pod.spec)).not.toMatch(/points|"nvidia"|"low"|reader/);
      expect(pod.metadata.labels).not.toHaveProperty('team');
    }
  });

  const mount = (mountPath: string, name = 'data') => ({
    extraVolumes: [{ name: 'data', emptyDir: {} }],
    extraVolumeMounts: [{ name, mountPath }],
  });
  const wrong: [string, Record<string, unknown>, RegExp][] = [
    ['a variable of TTG’s', { extraEnv: [{ name: 'RUN_ID', value: 'x' }] }, /extraEnv RUN_ID .*choose another name/],
    ['a variable that programs get', { extraEnv: [{ name: 'TTG_INDEX', value: 1 }] }, /extraEnv TTG_INDEX/],
    ['a variable twice', { extraEnv: [{ name: 'A' }, { name: 'A' }] }, /extraEnv has A twice/],
    ['a volume of TTG’s', { extraVolumes: [{ name: 'computation', emptyDir: {} }] }, /extraVolumes computation/],
    ['a mount over TTG', { ...mount('/ttg/lib'), image: 'a:1' }, /extraVolumeMounts \/ttg\/lib .*another mountPath/],
    ['a mount over the computation', mount('/computation/'), /extraVolumeMounts \/computation\//],
    ['a mount over TTG in its own image', mount('/app'), /extraVolumeMounts \/app/],
    ['a second /tmp', { ...mount('/tmp'), image: 'a:1' }, /set worker\.tmpSizeLimit/],
    ['a mount of no volume', mount('/data', 'date'), /names the volume date, which is not in worker\.extraVolumes/],
    ['a label of the chart’s', { podLabels: { 'ttg.io/component': 'x' } }, /podLabels ttg\.io\/component/],
    ['a volume of two sources', { extraVolumes: [{ name: 'a', emptyDir: {}, nfs: {} }] }, /extraVolumes/],
  ];

  it.each(wrong)('refuses %s', (_what, data, remedy) => {
    expect(refusal({ data: { worker: data } })).toMatch(remedy);
  });

  it('takes folders below /tmp, beside TTG’s, and where nothing of TTG is', () => {
    for (const path of ['/tmp/cache', '/ttg-data', '/application', '/tmp'])
      expect(template({ data: { worker: mount(path) } }).spec.volumes).toHaveLength(1);
    expect(template({ data: { worker: { ...mount('/app/data'), image: 'a:1' } } }).spec.volumes).toHaveLength(3);
  });
});
