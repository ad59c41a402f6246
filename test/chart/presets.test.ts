/** Every file of values/ gives a release that is complete, labelled and safe. */
import { describe, expect, it } from 'vitest';
import { any, containers, lint, matching, notes, one, pods, presets, render, renderText } from './support/helm.js';

const queueKinds = [
  'ConfigMap',
  'Job',
  'Pod',
  'Role',
  'RoleBinding',
  'ScaledJob',
  'Secret',
  'Service',
  'Service',
  'ServiceAccount',
  'StatefulSet',
  'TriggerAuthentication',
];
const staticKinds = ['Job', 'Pod', 'Role', 'RoleBinding', 'ServiceAccount'];

it('holds the presets that the documentation names', () => {
  const expected = ['small', 'medium', 'large'].flatMap((size) => [`${size}-rabbitmq.yaml`, `${size}-redis.yaml`]);
  expect(presets).toEqual(expect.arrayContaining([...expected, 'static.yaml']));
});

it('lints without a complaint', () => {
  expect(lint()).toContain('0 chart(s) failed');
});

describe.each(presets)('%s', (preset) => {
  const text = renderText({ values: [preset] });
  const objects = render({ values: [preset] });

  it('lints', () => {
    expect(lint(preset)).toContain('0 chart(s) failed');
  });

  it('has exactly the objects of its mode', () => {
    expect(objects.map((object) => object.kind).sort()).toEqual(preset.startsWith('static') ? staticKinds : queueKinds);
    expect(new Set(objects.map((object) => `${object.kind}/${object.metadata.name}`)).size).toBe(objects.length);
  });

  it('labels every object, every pod and every claim, so that clean-up finds them', () => {
    const claims = objects.flatMap((object) => object.spec?.volumeClaimTemplates ?? []);
    for (const { metadata } of [...objects, ...pods(objects), ...claims]) {
      expect(metadata.labels).toMatchObject({
        'ttg.io/project': 'distributed-compute',
        'ttg.io/component': matching(/^(worker|seeder|redis|rabbitmq|verify)$/),
        'app.kubernetes.io/name': 'ttg',
        'app.kubernetes.io/instance': 'ttg',
        'app.kubernetes.io/managed-by': 'Helm',
      });
    }
    for (const { metadata } of objects) {
      expect(metadata.labels).toMatchObject({
        'helm.sh/chart': matching(/^ttg-/),
        'app.kubernetes.io/version': any(String),
      });
    }
    for (const pod of pods(objects).filter(({ owner }) => owner.kind !== 'StatefulSet'))
      expect(pod.metadata.labels).toHaveProperty(['ttg.io/run-id'], 'run-1');
  });

  it('passes the restricted Pod Security level, with a read-only root file system and no token but where one is needed', () => {
    for (const { owner, spec } of pods(objects)) {
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: any(Number),
        fsGroup: any(Number),
        seccompProfile: { type: 'RuntimeDefault' },
      });
      const needsToken =
        owner.metadata.name.includes('-seeder-') || (preset.startsWith('static') && owner.kind === 'Pod');
      expect(spec.automountServiceAccountToken, owner.metadata.name).toBe(needsToken);
      expect(spec).toHaveProperty('enableServiceLinks', false);
      for (const volume of spec.volumes ?? []) expect(volume).not.toHaveProperty('hostPath');
    }
    for (const container of containers(objects)) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources?.limits).toHaveProperty('memory');
    }
  });

  it('uses the images it says it uses', () => {
    const images = new Set(containers(objects).map((container) => container.image));
    const broker = preset.includes('rabbitmq')
      ? ['rabbitmq:4-management']
      : preset.includes('redis')
        ? ['redis:8']
        : [];
    expect([...images].sort()).toEqual([...broker, 'ttg:1.0.0'].sort());
  });

  it('writes no password anywhere', () => {
    const secret = objects.find((object) => object.kind === 'Secret');
    expect(Object.keys(secret?.data ?? {})).toEqual(preset.includes('rabbitmq') ? ['rabbitmq-user'] : []);
    expect(text).not.toMatch(/requirepass [^"\\]|default_pass|password=[A-Za-z0-9]/i);
    for (const container of containers(objects)) {
      for (const variable of (container.env ?? []).filter(({ name }) => /PASS|AUTH/.test(name))) {
        if (variable.name === 'AUTH_SECRET_NAME') continue;
        expect(variable).toMatchObject({
          name: variable.name,
          valueFrom: { secretKeyRef: { name: 'ttg-auth', key: matching(/-password$/) } },
        });
        expect(variable).not.toHaveProperty('value');
      }
    }
  });

  it('says in at most twenty lines how to watch, test and diagnose', () => {
    const said = notes({ values: [preset] });
    expect(said.trim().split('\n').length).toBeLessThanOrEqual(20);
    expect(said).toContain('helm test ttg -n lab --timeout 660s --logs');
    for (const word of ['Watch', 'Results', 'Test', 'Diagnose']) expect(said).toContain(word);
    if (!preset.startsWith('static')) expect(said).toContain('get secret ttg-auth');
    expect(said).not.toMatch(/[A-Za-z0-9]{32}/);
  });

  it('has one test hook and no other', () => {
    const hooks = objects.filter((object) => object.metadata.annotations?.['helm.sh/hook']);
    expect(
      hooks.map((object) => [object.kind, object.metadata.name, object.metadata.annotations?.['helm.sh/hook']]),
    ).toEqual([['Pod', 'ttg-verify', 'test']]);
    expect(one(objects, 'Pod').metadata.annotations).toHaveProperty(
      ['helm.sh/hook-delete-policy'],
      'before-hook-creation',
    );
  });
});
