/** `ttg run --table FILE --context …` with a table that is too large for a ConfigMap. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError } from '../../core/runtime/errors.js';
import { requireTableThere } from '../../ops/here/cluster-table.js';
import { prepare } from '../../ops/here/prepare.js';
import { MOST_INLINE_BYTES } from '../../ops/here/values-file.js';
import { temporaryDirectory } from './support.js';

const SMALL = 'x\n1\n2\n';
const LARGE = `x\n${'1234567\n'.repeat(MOST_INLINE_BYTES / 8)}`;
const sha256 = createHash('sha256').update(LARGE).digest('hex');

/** @param within what the values file says of its table */
async function check(text: string, within = ''): Promise<void> {
  using directory = temporaryDirectory();
  const [file, table] = ['sweep.yaml', 'x.csv'].map((name) => join(directory.path, name)) as [string, string];
  writeFileSync(file, `parameters: {${within}}\ncomputation: {command: [echo, "{x}"]}\n`);
  writeFileSync(table, text);
  requireTableThere(await prepare(file, { table, set: [] }), table);
}

test.each([
  ['goes along where it is small', SMALL, ''],
  ['may be on a volume of the cluster', LARGE, `table: {path: /data/x.csv, sha256: ${sha256}}`],
])('a table %s', async (_, text, within) => {
  await expect(check(text, within)).resolves.toBeUndefined();
});

test.each([
  ['the values file does not say where the cluster has it', '', /fits no ConfigMap\. Put it on a volume/],
  ['the cluster has another one', `table: {path: /data/x.csv, sha256: ${'f'.repeat(64)}}`, /another SHA-256, f{64}/],
])('a large table is refused where %s, with the volume and the SHA-256 to name', async (_, within, words) => {
  const refused = check(LARGE, within);
  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toThrow(words);
  await expect(refused).rejects.toThrow(`{table: {path: /DATA/FILE, sha256: ${sha256}}}`);
});
