/** The chart as a part of somebody's own: Helm hands `global` down, and a condition switches it on and off. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAllYaml } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chart, one, renderText, type Render, type Rendered } from './support/helm.js';

let parent: string;

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'ttg-parent-'));
  const dependencies = [
    { name: 'ttg', version: '>=0', condition: 'ttg.enabled' },
    { name: 'ttg', version: '>=0', alias: 'sweep', condition: 'sweep.enabled' },
  ];
  mkdirSync(join(parent, 'charts'));
  cpSync(chart, join(parent, 'charts', 'ttg'), { recursive: true });
  writeFileSync(
    join(parent, 'Chart.yaml'),
    JSON.stringify({ apiVersion: 'v2', name: 'parent', version: '1.0.0', dependencies }),
  );
  const values = {
    global: { imageRegistry: 'registry.example', team: { name: 'a' } },
    ttg: { enabled: true, run: { id: 7 } },
    sweep: { enabled: false },
  };
  writeFileSync(join(parent, 'values.yaml'), JSON.stringify(values));
});
afterAll(() => rmSync(parent, { recursive: true }));

const render = (options: Render): Rendered[] =>
  (loadAllYaml(renderText(options, parent)) as (Rendered | null)[]).filter((object) => object !== null);

it('renders within a parent chart that shares global values', () => {
  const objects = render({ release: 'lab' });
  expect(one(objects, 'ScaledJob').metadata.name).toBe('lab-ttg-worker');
  expect(one(objects, 'ScaledJob').metadata.labels).toMatchObject({
    'app.kubernetes.io/instance': 'lab',
    'ttg.io/run-id': '7',
  });
});

it('is off where the parent says so', () => {
  expect(render({ release: 'lab', set: ['ttg.enabled=false'] })).toEqual([]);
});

it('renders twice in one release, under two names', () => {
  const names = render({ release: 'lab', set: ['sweep.enabled=true'] }).map(
    ({ kind, metadata }) => `${kind}/${metadata.name}`,
  );
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['ScaledJob/lab-ttg-worker', 'ScaledJob/lab-sweep-worker']));
});
