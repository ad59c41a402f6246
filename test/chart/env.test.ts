/** The chart and core/runtime/config.ts name the same variables, with the same defaults. */
import { expect, it } from 'vitest';
import { ENVIRONMENT, loadConfig } from '../../core/runtime/config.js';
import { containers, presets, render, type Container, type Env, type Render } from './support/helm.js';

/** Variables no container gets, and why. */
const notRendered: Record<string, string> = {
  WORKER_ID: 'for a worker outside Kubernetes; pods have POD_NAME and JOB_COMPLETION_INDEX',
  TTG_FAULT_POINT: 'fault injection: no release runs with it',
  TTG_FAULT_CHUNK: 'the same',
  JOB_COMPLETION_INDEX: 'given by Kubernetes to the pods of an Indexed Job',
};

/** Variables that are only for runs without a cluster: the chart must not offer them. */
const onlyHere = ['EMBEDDED_SOCKET'];

/** Variables whose value in a cluster differs from the program's default by intent. */
const differs = [
  'QUEUE_MODE',
  'REDIS_HOST',
  'RABBITMQ_HOST',
  'SCALED_JOB_NAME',
  'BROKER_VOLUME_BYTES',
  'STATIC_JOB_NAME',
  'TTG_VERSION',
  'TTG_IMAGE',
  'WORKER_SPEC_HASH',
  'AUTH_SECRET_NAME',
  'SWEEP_FILE',
  'RESULTS_STORE',
  'WORKER_IMAGE',
];

/** A program over a grid, in an image of the user's. */
const sweep = {
  parameters: { grid: { alpha: { from: 0.1, to: 1, steps: 10 }, seed: [1, 2] } },
  computation: { command: ['./model', '{alpha}', '{seed}'] },
  results: { store: 'log' },
  worker: { image: 'registry.example/model:1' },
};

/** Values outside of the log. */
const inS3 = {
  results: {
    store: 's3',
    s3: { endpoint: 'http://minio:9000', bucket: 'values', prefix: 'ttg', existingSecret: 'keys' },
  },
};
const inDirectory = {
  results: { store: 'directory', directory: { path: '/data/values' } },
  worker: {
    extraVolumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    extraVolumeMounts: [{ name: 'data', mountPath: '/data' }],
  },
};

const variants: Render[] = [
  {},
  { set: ['backend=rabbitmq'] },
  { set: ['mode=static'] },
  { set: ['computation.source=export default 1'] },
  { data: sweep },
  { data: { ...sweep, mode: 'static' } },
  ...['queue', 'static'].flatMap((mode) => [{ data: { mode, ...inS3 } }, { data: { mode, ...inDirectory } }]),
  ...presets.map((preset) => ({ values: [preset] })),
];

/** The worker is, in whatever image. */
const isTtgs = ({ name, image }: Container): boolean => name === 'worker' || image.startsWith('ttg:');

function ttgVariables(options: Render): Env[] {
  return containers(render(options))
    .filter(isTtgs)
    .flatMap(({ env }) => env ?? []);
}

it('gives TTG containers only variables that the program reads', () => {
  for (const variant of variants) {
    const unknown = ttgVariables(variant).filter(({ name }) => !(name in ENVIRONMENT));
    expect(unknown, JSON.stringify(variant)).toEqual([]);
  }
});

it('gives no container a variable twice', () => {
  for (const variant of variants) {
    for (const { name, env } of containers(render(variant))) {
      const names = (env ?? []).map((variable) => variable.name);
      expect(names.length, name).toBe(new Set(names).size);
    }
  }
});

it('renders every variable that the program reads, but for the ones with a reason', () => {
  const rendered = new Set(variants.flatMap(ttgVariables).map(({ name }) => name));
  expect(
    Object.keys(ENVIRONMENT)
      .filter((name) => !rendered.has(name))
      .sort(),
  ).toEqual([...Object.keys(notRendered), ...onlyHere].sort());
});

it("has the program's defaults", () => {
  const config: Record<string, unknown> = { ...loadConfig({}) };
  for (const variable of [{}, { set: ['backend=rabbitmq'] }, { set: ['mode=static'] }].flatMap(ttgVariables)) {
    if (variable.value === undefined || differs.includes(variable.name)) continue;
    // The test pod waits for the broker for as long as it waits for the run.
    const patience = [config['CONNECT_TIMEOUT_SECONDS'], config['VERIFY_DEADLINE_SECONDS']].map(String);
    const either =
      variable.name === 'QUEUE_BACKEND'
        ? ['redis', 'rabbitmq']
        : variable.name === 'CONNECT_TIMEOUT_SECONDS'
          ? patience
          : undefined;
    expect(either ?? [String(config[variable.name])], variable.name).toContain(variable.value);
  }
});

it('gives each container an environment that the program accepts', () => {
  for (const variant of variants) {
    for (const { env } of containers(render(variant)).filter(isTtgs)) {
      const given = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value ?? 'from-elsewhere']));
      expect(() => loadConfig(given), JSON.stringify(variant)).not.toThrow();
    }
  }
});

it('writes large numbers of a values file out in full', () => {
  const variables = ttgVariables({ data: { run: { totalParameters: 10_000_000, chunkSize: 1000 } } });
  expect(variables).toContainEqual({ name: 'TOTAL_PARAMETERS', value: '10000000' });
});

it('tells those who make or judge a plan how many dead parameters are accepted', () => {
  const options = { set: ['run.maxDead=2%', 'verify.allowDead=true', 'run.keepValues=true'] };
  const of = (component: string, more: string[] = []) =>
    containers(render({ set: [...options.set, ...more] })).find(({ name }) => name === component)?.env;
  const budget = { name: 'MAX_DEAD', value: '2%' };
  for (const env of [of('seeder'), of('verify'), of('worker', ['mode=static']), of('verify', ['mode=static'])])
    expect(env).toContainEqual(budget);
  expect(of('verify')).toContainEqual({ name: 'VERIFY_ALLOW_DEAD', value: 'true' });
  expect(of('seeder')).toContainEqual({ name: 'KEEP_VALUES', value: 'true' });
});

it('names the sweep where there is one, and not its total, which only the sweep knows', () => {
  const env = (component: string, options: Render) => {
    const own = containers(render(options)).find(({ name }) => name === component)?.env ?? [];
    return Object.fromEntries(own.map(({ name, value }) => [name, value]));
  };
  const cluster: Render = { data: sweep };
  const alone: Render = { data: { ...sweep, mode: 'static' } };
  const file = env('seeder', cluster)['SWEEP_FILE'];
  expect(file).toMatch(/^\/computation\/sweep-[0-9a-f]{8}\.json$/);
  for (const given of [env('worker', cluster), env('verify', cluster), env('worker', alone)]) {
    expect(given['SWEEP_FILE']).toBe(file);
    expect(given).not.toHaveProperty('TOTAL_PARAMETERS');
    expect(given).not.toHaveProperty('COMPUTATION');
  }
  expect(env('seeder', cluster)).toMatchObject({ RESULTS_STORE: 'log', WORKER_IMAGE: 'registry.example/model:1' });
  expect(env('worker', alone)).toHaveProperty('RESULTS_STORE', 'log');
});

it('tells a worker of queue mode nothing of the plan, so that pods of two runs can mix', () => {
  const worker = containers(render({ set: ['computation.source=export default 1'] })).find(
    ({ name }) => name === 'worker',
  );
  const names = (worker?.env ?? []).map(({ name }) => name);
  for (const name of ['TOTAL_PARAMETERS', 'CHUNK_SIZE', 'COMPUTATION', 'TOTAL_WORKERS', 'KEEP_VALUES', 'MAX_DEAD'])
    expect(names).not.toContain(name);
});
