/** What single objects must say so that a run survives scaling, upgrades and lost pods. */
import { describe, expect, it } from 'vitest';
import { containers, one, pods, render, type Render, type Rendered } from './support/helm.js';

const seederName = (options: Render): string => {
  const job = render(options).find(
    (object) => object.kind === 'Job' && object.metadata.labels?.['ttg.io/component'] === 'seeder',
  );
  return job?.metadata.name ?? '';
};
/** Not from the cache of renderings. */
const renderAgain = () => render({ values: [] });
const rabbitmq: Render = { set: ['backend=rabbitmq'] };

describe('ScaledJob', () => {
  it("counts all unfinished chunks of Redis: the stream's length, without a consumer group", () => {
    const spec = one(render(), 'ScaledJob').spec;
    const metadata = { address: 'ttg-redis.lab.svc:6379', stream: 'ttg:tasks', streamLength: '10' };
    expect(spec?.triggers).toEqual([{ type: 'redis-streams', metadata, authenticationRef: { name: 'ttg-broker' } }]);
  });

  it('asks RabbitMQ twice: ready at once over AMQP, ready and unacknowledged over HTTP', () => {
    const spec = one(render(rabbitmq), 'ScaledJob').spec;
    const common = { vhostName: '/', queueName: 'ttg.tasks', mode: 'QueueLength', value: '10' };
    expect(spec?.triggers?.map(({ metadata }) => metadata)).toEqual([
      { protocol: 'amqp', host: 'amqp://ttg-rabbitmq.lab.svc:5672/', ...common },
      { protocol: 'http', host: 'http://ttg-rabbitmq.lab.svc:15672/', ...common },
    ]);
  });

  it('kills no worker on an upgrade and leaves the strategy at its default', () => {
    const spec = one(render(), 'ScaledJob').spec;
    expect(spec).toMatchObject({ rollout: { strategy: 'gradual' }, pollingInterval: 1, maxReplicaCount: 10 });
    expect(spec?.jobTargetRef).toMatchObject({
      backoffLimit: 2,
      activeDeadlineSeconds: 3600,
      ttlSecondsAfterFinished: 600,
    });
    expect(spec).not.toHaveProperty('scalingStrategy');
    // It would free the places of crashing Jobs for new ones, and keep the places of Jobs on lost nodes.
    expect(spec?.jobTargetRef).not.toHaveProperty('podFailurePolicy');
    expect(spec).not.toHaveProperty('minReplicaCount');
  });

  it('lets workers spread, leave a lost node, stop in time and be killed from inside', () => {
    const spec = one(render({ set: ['worker.shutdownGraceSeconds=45'] }), 'ScaledJob').spec?.jobTargetRef?.template
      .spec;
    expect(spec).toMatchObject({
      shareProcessNamespace: true,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 55,
    });
    expect(spec?.['topologySpreadConstraints']).toMatchObject([
      { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    ]);
    expect(spec?.['tolerations']).toMatchObject([
      { key: 'node.kubernetes.io/not-ready', tolerationSeconds: 10 },
      { key: 'node.kubernetes.io/unreachable', tolerationSeconds: 10 },
    ]);
  });
});

describe('seeder Job', () => {
  it('has a name of run id and spec, since Jobs are immutable', () => {
    expect(seederName({})).toMatch(/^ttg-seeder-run-1-[0-9a-f]{8}$/);
    expect(seederName({})).toBe(seederName({}));
    expect(seederName({ set: ['run.id=run-2'] })).toMatch(/^ttg-seeder-run-2-/);
    expect(seederName({ set: ['run.totalParameters=20000'] })).not.toBe(seederName({}));
    expect(seederName({ set: ['worker.maxReplicas=20'] })).toBe(seederName({}));
    // Jobs that cannot start are removed by the seeder of the release that corrects them.
    expect(seederName({ set: ['worker.nodeSelector.disk=ssd'] })).not.toBe(seederName({}));
  });

  it('keeps its name within 63 characters, and two long run ids apart', () => {
    const [first, second] = ['a', 'b'].map((last) =>
      seederName({ set: [`run.id=${'x'.repeat(39)}${last}`, `fullnameOverride=${'n'.repeat(35)}`] }),
    );
    expect(first?.length).toBeLessThanOrEqual(63);
    expect(first).not.toBe(second);
  });

  it('has a time to live, and may wake its ScaledJob, remove stale Jobs, make the password, and nothing else', () => {
    const objects = render();
    const job = objects.find((object) => object.kind === 'Job');
    expect(job?.spec).toMatchObject({
      ttlSecondsAfterFinished: 3600,
      template: { spec: { serviceAccountName: 'ttg-seeder' } },
    });
    const common = [
      { apiGroups: ['keda.sh'], resources: ['scaledjobs'], resourceNames: ['ttg-worker'], verbs: ['get', 'patch'] },
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list', 'delete'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
    ];
    const password = { apiGroups: [''], resources: ['secrets'], resourceNames: ['ttg-auth'], verbs: ['get', 'patch'] };
    expect(one(objects, 'Role').rules).toEqual([...common, password]);
    expect(one(render({ set: ['auth.existingSecret=mine'] }), 'Role').rules).toEqual(common);
  });

  it('gives up where the configuration is wrong, and does not count a drained node', () => {
    const failJob = (containerName: string): unknown => ({
      action: 'FailJob',
      onExitCodes: { containerName, operator: 'In', values: [2] },
    });
    const drained = { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] };
    const job = render().find((object) => object.kind === 'Job');
    expect(job?.spec).toMatchObject({ podFailurePolicy: { rules: [failJob('seeder'), drained] } });
    expect(one(render({ set: ['mode=static'] }), 'Job').spec).toMatchObject({
      podFailurePolicy: { rules: [failJob('worker'), drained] },
    });
  });

  it('has the computation, which it loads before it publishes anything', () => {
    const seeder = (options: Render) => containers(render(options)).find(({ name }) => name === 'seeder');
    const mounts = [{ name: 'computation', mountPath: '/computation', readOnly: true }];
    expect(seeder({ set: ['computation.source=export default 1'] })?.volumeMounts).toEqual(mounts);
    expect(seeder({})?.volumeMounts).toBeUndefined();
  });
});

describe('the password', () => {
  it.each(['redis', 'rabbitmq'])(
    'of %s is in nothing that is rendered: the seeder makes it, and the broker waits for it',
    (backend) => {
      const objects = render({ set: [`backend=${backend}`] });
      const key = `${backend}-password`;
      expect(one(objects, 'Secret').data ?? {}).not.toHaveProperty(key);
      const [seeder] = containers(objects.filter(({ kind }) => kind === 'Job'));
      const password = {
        name: `${backend.toUpperCase()}_PASSWORD`,
        valueFrom: { secretKeyRef: { name: 'ttg-auth', key, optional: true } },
      };
      expect(seeder?.env).toContainEqual(password);
      expect(seeder?.env).toContainEqual({ name: 'AUTH_SECRET_NAME', value: 'ttg-auth' });
      const [broker] = pods(objects.filter(({ kind }) => kind === 'StatefulSet'));
      expect(broker?.spec.volumes).toContainEqual({
        name: 'auth',
        secret: { secretName: 'ttg-auth', items: [{ key, path: 'password' }] },
      });
      expect(broker?.spec.containers[0]?.volumeMounts).toContainEqual({
        name: 'auth',
        mountPath: '/etc/ttg-auth',
        readOnly: true,
      });
      const worker = containers(objects).find(({ name }) => name === 'worker');
      expect(worker?.env).toContainEqual({ ...password, valueFrom: { secretKeyRef: { name: 'ttg-auth', key } } });
    },
  );

  it('is rendered the same twice, as GitOps tools do', () => {
    const [first, second] = [render(), renderAgain()];
    expect(second).toEqual(first);
  });
});

describe('brokers', () => {
  const without = (objects: Rendered[]): unknown => one(objects, 'StatefulSet').spec;

  it.each([{}, rabbitmq])('are left alone by an upgrade that does not concern them (%j)', (options) => {
    const before = without(render(options));
    const after = without(
      render({
        set: [...(options.set ?? []), 'run.id=run-2', 'worker.maxReplicas=3', 'log.level=DEBUG', 'image.tag=9.9.9'],
      }),
    );
    expect(after).toEqual(before);
    expect(JSON.stringify(before)).not.toContain('helm.sh/chart');
  });

  it('hold what they are given: 60 % of their memory, no eviction, every write in the append-only file', () => {
    const config = one(render(), 'ConfigMap').data?.['redis.conf'];
    for (const line of [
      'maxmemory 161061273',
      'maxmemory-policy noeviction',
      'appendonly yes',
      'appendfsync everysec',
      'include /run/ttg/auth.conf',
    ])
      expect(config).toContain(`${line}\n`);
    expect(one(render(rabbitmq), 'ConfigMap').data?.['rabbitmq.conf']).toContain(
      'vm_memory_high_watermark.absolute = 644245094\n',
    );
    expect(one(render({ set: ['redis.maxmemory=100mb'] }), 'ConfigMap').data?.['redis.conf']).toContain(
      'maxmemory 100mb\n',
    );
  });

  it('never take a chunk back from a worker that lives: consumer_timeout exceeds its deadline', () => {
    const config = one(render({ set: ['backend=rabbitmq', 'worker.activeDeadlineSeconds=7200'] }), 'ConfigMap').data?.[
      'rabbitmq.conf'
    ];
    expect(config).toContain('consumer_timeout = 7500000\n');
  });

  it('keep their volume when the release goes, and can do without', () => {
    const spec = one(render(), 'StatefulSet').spec;
    expect(spec).toMatchObject({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain' } });
    const bare = render({ set: ['redis.persistence.enabled=false'] });
    expect(one(bare, 'StatefulSet').spec).not.toHaveProperty('volumeClaimTemplates');
    expect(
      containers(bare)
        .flatMap(({ env }) => env ?? [])
        .map(({ name }) => name),
    ).not.toContain('BROKER_VOLUME_BYTES');
  });

  it('are yours where you have one: no StatefulSet, no Secret, your address and your Secret everywhere', () => {
    const objects = render({
      set: [
        'backend=rabbitmq',
        'rabbitmq.external.host=mq.example.org',
        'rabbitmq.external.port=5673',
        'auth.existingSecret=mine',
      ],
    });
    for (const kind of ['StatefulSet', 'Secret', 'Service', 'ConfigMap'])
      expect(objects.filter((object) => object.kind === kind)).toEqual([]);
    const [seeder] = containers(objects);
    expect(seeder?.env).toContainEqual({ name: 'RABBITMQ_HOST', value: 'mq.example.org' });
    expect(seeder?.env).toContainEqual({ name: 'RABBITMQ_PORT', value: '5673' });
    expect(one(objects, 'TriggerAuthentication').spec?.secretTargetRef).toContainEqual({
      parameter: 'password',
      name: 'mine',
      key: 'rabbitmq-password',
    });
    expect(one(objects, 'ScaledJob').spec?.triggers?.[0]?.metadata['host']).toBe('amqp://mq.example.org:5673/');
  });
});

describe('static mode', () => {
  const objects = render({ set: ['mode=static', 'static.workers=4'] });
  const job = one(objects, 'Job');

  it('is one Indexed Job whose shares fail one by one', () => {
    expect(job.metadata.name).toMatch(/^ttg-static-run-1-[0-9a-f]{8}$/);
    expect(job.spec).toMatchObject({
      completionMode: 'Indexed',
      completions: 4,
      parallelism: 4,
      backoffLimitPerIndex: 2,
    });
    expect(job.spec).not.toHaveProperty('ttlSecondsAfterFinished');
    expect(job.spec?.template?.metadata.labels).toHaveProperty(['ttg.io/component'], 'worker');
  });

  it('lets the test pod, and only it, read pods and their logs', () => {
    expect(one(objects, 'Role').rules).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
    ]);
    const withToken = pods(objects).filter(({ spec }) => spec.automountServiceAccountToken);
    expect(withToken.map(({ owner, spec }) => [owner.metadata.name, spec['serviceAccountName']])).toEqual([
      ['ttg-verify', 'ttg-verify'],
    ]);
    expect(containers(objects).find(({ name }) => name === 'verify')?.env).toContainEqual({
      name: 'STATIC_JOB_NAME',
      value: job.metadata.name,
    });
  });
});

describe('a computation of your own', () => {
  it('is mounted under a name that carries its hash, so that another text is another plan', () => {
    const of = (source: string) => render({ data: { computation: { source } } });
    const objects = of('export const compute = (i) => i;\n');
    const file = Object.keys(one(objects, 'ConfigMap', 'ttg-computation').data ?? {})[0] ?? '';
    expect(file).toMatch(/^computation-[0-9a-f]{8}\.mjs$/);
    expect(Object.keys(one(of('other'), 'ConfigMap', 'ttg-computation').data ?? {})).not.toContain(file);
    expect(containers(objects).find(({ name }) => name === 'seeder')?.env).toContainEqual({
      name: 'COMPUTATION',
      value: `/computation/${file}`,
    });
    expect(containers(objects).find(({ name }) => name === 'worker')?.volumeMounts).toEqual([
      { name: 'computation', mountPath: '/computation', readOnly: true },
    ]);
  });
});

describe('RedisInsight', () => {
  it('is off unless asked for, and as restricted as everything else when it is on', () => {
    expect(render().filter((object) => object.metadata.name?.includes('insight'))).toEqual([]);
    const [insight] =
      one(render({ set: ['redis.insight.enabled=true'] }), 'Deployment').spec?.template?.spec?.containers ?? [];
    expect(insight?.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });
});
