/** Closed, described, and in step with values.yaml. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadYaml } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { chart, presetPath, presets, refusal } from './support/helm.js';
import { violation } from './support/violation.js';

interface Schema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Record<string, Schema>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly definitions?: Record<string, Schema>;
  readonly $ref?: string;
}

const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as Schema;
const text = readFileSync(join(chart, 'values.yaml'), 'utf8');
const values = loadYaml<Record<string, unknown>>(text);

/** Objects whose keys are Kubernetes' or the user's, and those that values.yaml leaves empty. */
const freeForm =
  /(^|\.)(requests|limits|nodeSelector|affinity|podAnnotations|podLabels|serviceAccountAnnotations|parameters|worker\.image)$/;
/** Keys that a parent chart writes: they are no settings of this one. */
const parents = ['global', 'enabled'];

function walk(given: Schema, path = ''): [string, Schema][] {
  const node = given.$ref ? (schema.definitions?.[given.$ref.replace('#/definitions/', '')] ?? {}) : given;
  const own: [string, Schema][] = path ? [[path, node]] : [];
  const below = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    walk(child, path ? `${path}.${key}` : key),
  );
  const rest = typeof node.additionalProperties === 'object' ? walk(node.additionalProperties, `${path}.*`) : [];
  return [...own, ...below, ...rest, ...(node.items ? walk(node.items, `${path}[]`) : [])];
}

function leaves(node: unknown, path = ''): string[] {
  if (typeof node !== 'object' || node === null || Array.isArray(node) || freeForm.test(path)) return [path];
  return Object.entries(node).flatMap(([key, child]) => leaves(child, path ? `${path}.${key}` : key));
}

describe('values.schema.json', () => {
  it('describes every key', () => {
    expect(
      walk(schema)
        .filter(([, node]) => !node.description)
        .map(([path]) => path),
    ).toEqual([]);
  });

  it('gives every key a type or a set of values', () => {
    expect(
      walk(schema)
        .filter(([, node]) => !node.type && !node.enum)
        .map(([path]) => path),
    ).toEqual([]);
  });

  it('is closed everywhere, and the values of maps whose keys are free have a type', () => {
    const objects = [['', schema] as [string, Schema], ...walk(schema)].filter(([, node]) => node.type === 'object');
    const open = objects.filter(
      ([, node]) => node.additionalProperties !== false && typeof node.additionalProperties !== 'object',
    );
    expect(open.map(([path]) => path)).toEqual(['global']);
  });

  it('has exactly the keys of values.yaml', () => {
    const known = walk(schema)
      .filter(
        ([path, node]) =>
          !/\[\]|\*|(affinity|parameters|worker\.image)\./.test(path) &&
          !parents.includes(path) &&
          (!node.properties || freeForm.test(path)),
      )
      .map(([path]) => path);
    expect(known.sort()).toEqual(leaves(values).sort());
  });

  it.each([
    '',
    'run.',
    'parameters.',
    'parameters.table.',
    'parameters.sample.',
    'computation.',
    'results.',
    'results.directory.',
    'results.s3.',
    'image.',
    'worker.',
    'worker.image.',
    'worker.extraVolumes[0].',
    'worker.extraVolumeMounts[0].',
    'worker.envFrom[0].',
    'worker.resources.',
    'worker.affinity.',
    'worker.affinity.nodeAffinity.',
    'worker.tolerations[0].',
    'worker.extraEnv[0].valueFrom.',
    'static.',
    'seeder.',
    'verify.',
    'redis.',
    'redis.external.',
    'redis.persistence.',
    'rabbitmq.',
    'rabbitmq.image.',
    'auth.',
    'log.',
    'keda.',
  ])('refuses an unknown key in %s', (where) => {
    expect(refusal({ set: [`${where}misspelt=1`] })).toMatch(
      violation(where.replace(/\.$/, '').replaceAll(/\[(\d)\]/g, '.$1'), 'unknown'),
    );
  });
});

describe('values.yaml', () => {
  it('comments every key, or the block it stands in', () => {
    const lines = text.split('\n');
    const blocks =
      /^ *(requests|limits|resources|external|persistence|image|port|host|repository|tag|pullPolicy|managementPort|vhost|log|failedJobsHistoryLimit|nodeSelector|affinity|podAnnotations|podLabels):/;
    const bare = lines.filter(
      (line, i) => /^ *[a-zA-Z]+:/.test(line) && !blocks.test(line) && !/^\s*#/.test(lines[i - 1] ?? ''),
    );
    expect(bare).toEqual([]);
  });
});

it.each(presets)('%s says at its top what it is for', (preset) => {
  expect(readFileSync(presetPath(preset), 'utf8')).toMatch(/^# .{30,}\n/);
});
