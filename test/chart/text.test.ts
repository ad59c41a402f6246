/** What YAML could take for a number, a truth value or nothing stays text, wherever it comes from. */
import { describe, expect, it } from 'vitest';
import { containers, one, pods, render, type Labelled, type Render } from './support/helm.js';

/** A value of every kind that YAML guesses at, in every place that takes a name or a text. */
const hostile: Record<string, unknown> = {
  fullnameOverride: 'ttg',
  nameOverride: '1234',
  run: { id: 20261125 },
  image: { tag: 10000000 },
  auth: { rabbitmqUser: '1e3' },
  queuePrefix: '0x10',
  redis: { image: { tag: 8 }, persistence: { size: '1', storageClass: 'true' } },
  rabbitmq: { image: { tag: 4 }, persistence: { size: '2', storageClass: 'null' } },
  worker: {
    nodeSelector: { zone: 10000000, ssd: true, name: 'no' },
    podAnnotations: { year: 2026, on: false, exponent: '1e3' },
    tolerations: [{ key: 'zone', operator: 'Equal', value: 12, effect: 'NoSchedule', tolerationSeconds: 5 }],
    extraEnv: [
      { name: 'SEED', value: 10000000 },
      { name: 'FLAG', value: true },
      { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
    ],
  },
};
const places: [string, Render][] = [
  ['Redis', { data: hostile }],
  ['RedisInsight', { data: { ...hostile, redis: { insight: { enabled: true, image: { tag: 2 } } } } }],
  ['RabbitMQ', { data: { ...hostile, backend: 'rabbitmq' } }],
  ['static mode', { data: { ...hostile, mode: 'static' } }],
];
const variants = ['20261125', 'true', 'null', '1e3', '0x1f', '2026-11-25'].flatMap((release) =>
  places.map(([place, options]): [string, string, Render] => [release, place, { ...options, release }]),
);

function untyped(what: string, map: Readonly<Record<string, unknown>> | undefined): string[] {
  return Object.entries(map ?? {}).flatMap(([key, value]) =>
    typeof value === 'string' ? [] : [`${what} ${key}: ${String(value)}`],
  );
}
const labels = (what: string, { labels, annotations }: Labelled): string[] => [
  ...untyped(what, labels),
  ...untyped(what, annotations),
];

describe.each(variants)('release %s over %s', (release, _place, options) => {
  const objects = render(options);

  it('has text in every label, annotation, selector and name', () => {
    const claims = objects.flatMap(({ spec }) => spec?.volumeClaimTemplates ?? []);
    const faults = [
      ...objects.flatMap(({ kind, metadata }) => [
        ...labels(kind, metadata),
        ...untyped(kind, { name: metadata.name }),
      ]),
      ...pods(objects).flatMap(({ owner, metadata, spec }) => [
        ...labels(owner.kind, metadata),
        ...untyped('nodeSelector', spec['nodeSelector'] as Record<string, unknown> | undefined),
      ]),
      ...claims.flatMap(({ metadata }) => labels('claim', metadata)),
      ...objects.flatMap(({ kind, spec }) => {
        const { selector } = (spec ?? {}) as {
          selector?: Record<string, unknown> & { matchLabels?: Record<string, unknown> };
        };
        return untyped(`${kind} selector`, selector?.matchLabels ?? selector);
      }),
      ...objects.flatMap(({ kind, data }) => untyped(kind, data)),
    ];
    expect(faults).toEqual([]);
    expect(objects[0]?.metadata.labels).toMatchObject({
      'app.kubernetes.io/instance': release,
      'app.kubernetes.io/name': '1234',
    });
  });

  it('has text in every variable and image', () => {
    for (const { name, image, env } of containers(objects)) {
      expect(image, name).toEqual(expect.stringMatching(/^[a-z/]+:[0-9]+$/));
      for (const variable of env ?? [])
        if (!variable.valueFrom)
          expect(variable, name).toEqual({ name: variable.name, value: expect.any(String) as string });
    }
  });
});

it('writes whole numbers of a values file out in full, and keeps what text says', () => {
  const objects = render({ data: hostile });
  const template = one(objects, 'ScaledJob').spec?.jobTargetRef?.template;
  expect(template?.metadata.annotations).toEqual({ year: '2026', on: 'false', exponent: '1e3' });
  expect(template?.spec['nodeSelector']).toEqual({ zone: '10000000', ssd: 'true', name: 'no' });
  expect(template?.spec['tolerations']).toContainEqual({
    key: 'zone',
    operator: 'Equal',
    value: '12',
    effect: 'NoSchedule',
    tolerationSeconds: 5,
  });
  const worker = template?.spec.containers[0];
  expect(worker?.image).toBe('ttg:10000000');
  for (const variable of [
    { name: 'SEED', value: '10000000' },
    { name: 'FLAG', value: 'true' },
    { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
    { name: 'RUN_ID', value: '20261125' },
  ])
    expect(worker?.env).toContainEqual(variable);
  expect(one(objects, 'Secret').metadata.name).toBe('ttg-auth');
});

it('takes whole numbers by --set, as people type them', () => {
  const objects = render({ set: ['run.id=20261125', 'image.tag=1234567', 'worker.nodeSelector.zone=1'] });
  expect(objects.find(({ kind }) => kind === 'Job')?.metadata.name).toMatch(/^ttg-seeder-20261125-/);
  expect(one(objects, 'ScaledJob').spec?.jobTargetRef?.template.spec.containers[0]?.image).toBe('ttg:1234567');
});
