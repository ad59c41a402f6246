import { expect, test } from 'vitest';
import type { Owned } from '../../ops/cluster/inventory.js';
import { selection, type Parts } from '../../ops/cluster/removal.js';

const nothing: Parts = { all: false, workers: false, pods: false, redis: false, rabbitmq: false, data: false };

function owned(kind: string, component: string, release = 'ttg'): Owned {
  const name = `${release}-${component}-${kind}`;
  const object = { kind, metadata: { name, namespace: 'n' } };
  return { kind, name, namespace: 'n', component, release, leaving: false, state: '', object };
}

const release = [
  owned('ScaledJob', 'worker'),
  owned('Job', 'worker'),
  owned('Job', 'seeder'),
  owned('StatefulSet', 'redis'),
  owned('Service', 'redis'),
  owned('Secret', 'redis'),
  owned('PersistentVolumeClaim', 'redis'),
];
const names = (parts: Partial<Parts>, found = release): string[] =>
  selection({ ...nothing, ...parts })(found).map(({ kind, component }) => `${kind} ${component}`);

test('--all keeps volumes and the passwords that are written in them', () => {
  expect(names({ all: true })).toEqual([
    'ScaledJob worker',
    'Job worker',
    'Job seeder',
    'StatefulSet redis',
    'Service redis',
  ]);
});

test('--all --data takes everything', () => {
  expect(names({ all: true, data: true })).toHaveLength(release.length);
});

test('--all takes a password that no volume needs any more: of another release, or of a broker without a volume', () => {
  const found = [
    owned('Secret', 'redis', 'other'),
    owned('PersistentVolumeClaim', 'redis'),
    owned('Secret', 'rabbitmq'),
  ];
  expect(names({ all: true }, found)).toEqual(['Secret redis', 'Secret rabbitmq']);
});

test('a broker goes without its data unless --data is said', () => {
  expect(names({ redis: true })).toEqual(['StatefulSet redis', 'Service redis']);
  expect(names({ redis: true, data: true })).toEqual([
    'StatefulSet redis',
    'Service redis',
    'Secret redis',
    'PersistentVolumeClaim redis',
  ]);
  expect(names({ data: true })).toEqual(['PersistentVolumeClaim redis']);
});

test('workers go without seeder and broker', () => {
  expect(names({ workers: true })).toEqual(['ScaledJob worker', 'Job worker']);
  expect(names({ pods: true })).toEqual(['ScaledJob worker', 'Job worker', 'Job seeder']);
});
