/** A values file is read by `ttg run` as Helm reads it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadYaml } from '@kubernetes/client-node';
import { expect, inject, it } from 'vitest';
import { sweepOf } from '../../core/sweep/read.js';
import { parseHelmYaml } from '../../ops/here/helm-yaml.js';

/** What Helm makes of a file: `toJson` of its key `p`. */
function helmReads(yaml: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'ttg-yaml-'));
  try {
    mkdirSync(join(folder, 'templates'));
    writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: c\nversion: 1.0.0\n');
    writeFileSync(join(folder, 'templates/a.yaml'), 'p: {{ .Values.p | toJson | quote }}\n');
    writeFileSync(join(folder, 'v.yaml'), yaml);
    const { stdout, stderr } = spawnSync(inject('helm').path, ['template', 'x', folder, '-f', join(folder, 'v.yaml')], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return JSON.parse(loadYaml<{ p: string }>(stdout).p);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it.each([
  'p: {n: [1, 2], "y": 1, on: x, 3: z, 1.5: q}',
  'p: [y, n, Y, N, yes, no, on, off, Yes, NO, true, TRUE, False, ~, null, "", "no"]',
  'p: [010, 0o10, 08, 0x1F, 0b11, 1_000, +3, 12, 007]',
  'p: [1e3, 1.0, 10000000, 1e25, 1.5e-7, 1e-7, 1e21, .5, 5., 0.1, 1_0.5, 1e+2, -1.25E3]',
  'p: [1152921504606846976, 9007199254740993, 123456789012345678901234]',
  'p: [12:30, 12:30:45, 2001-01-01, 2001-12-14t21:59:43.10-05:00, 1.2.3, 0.1.0, "1"]',
  'p: {a: &a {b: 1}, m: {<<: *a, d: 2}}',
  "p:\n  t: |\n    x\n     y\n  f: >-\n    a\n    b\n  e: \"\\u00df\\n\"\n  s: 'it''s'\n",
])('%j', (yaml) => {
  expect(parseHelmYaml(yaml, 'v.yaml').values['p']).toEqual(helmReads(yaml));
});

it('names a sweep by the same id, keys sorted and numbers spelled as Go does', async () => {
  const yaml = `p:
  parameters:
    grid: {seed: {from: 1, to: 1e7}, alpha: {from: 1.0e-1, to: 1, steps: 010}, n: [64, 128, 1e21]}
  computation: {command: [x, "{n}", 1.50]}
`;
  const here = await sweepOf(parseHelmYaml(yaml, 'v.yaml').values['p'], 'here');
  const there = await sweepOf(helmReads(yaml), 'there');
  expect(here.id).toBe(there.id);
  expect(here.parameters.at(1)).toEqual({ alpha: 0.1, n: 64, seed: 2 });
});
