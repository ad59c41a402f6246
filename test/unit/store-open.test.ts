/** From settings to stores, and from records to the one that they name. */
import { describe, expect, it } from 'vitest';
import { keepsValues, planOf, storeOf } from '../../core/model/plan.js';
import { openStore, Stores } from '../../core/store/open.js';
import { configOf } from './support.js';

const keys = { S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' };

describe('settings of a store', () => {
  it.each([
    ['log', true, undefined],
    ['none', false, undefined],
    ['directory', true, 'directory'],
    ['s3', true, 's3'],
  ])('RESULTS_STORE=%s', (RESULTS_STORE, keepValues, store) => {
    const config = configOf({ RESULTS_STORE });
    expect(keepsValues(config)).toBe(keepValues);
    expect(storeOf(config).store).toBe(store);
    expect(planOf(config)).toMatchObject({ keepValues, ...(store ? { store } : {}) });
  });

  it.each([
    ['s3', { ...keys }, /S3_BUCKET is not set/],
    ['s3', { ...keys, S3_BUCKET: 'a/b' }, /S3_BUCKET=a\/b/],
    ['s3', { ...keys, S3_BUCKET: 'values', S3_PREFIX: 'ä' }, /S3_PREFIX=ä/],
    ['s3', { S3_BUCKET: 'values' }, /no credentials/],
    ['directory', {}, /RESULTS_DIRECTORY is not set/],
  ] as const)('of %s that are missing or wrong are named', (kind, env, words) => {
    expect(() => openStore(kind, configOf(env))).toThrow(words);
  });

  it('take a prefix with or without slashes', () => {
    for (const [given, place] of [
      ['', 's3://values/'],
      ['a', 's3://values/a/'],
      ['/a/b/', 's3://values/a/b/'],
    ] as const)
      expect(openStore('s3', configOf({ ...keys, S3_BUCKET: 'values', S3_PREFIX: given })).place).toBe(place);
  });

  it('are asked for only where a record names the store', () => {
    const stores = new Stores(configOf({ RESULTS_DIRECTORY: '/data' }));
    expect(stores.of('directory')).toBe(stores.of('directory'));
    expect(stores.of('directory').place).toBe('/data');
    expect(() => stores.of('s3')).toThrow(/S3_BUCKET/);
  });

  it("of TTG's own are not told to programs, and Amazon's are", () => {
    const config = configOf({ ...keys, AWS_REGION: 'eu-1' });
    expect(config.childEnvironment).toHaveProperty('AWS_REGION');
    expect(config.childEnvironment).not.toHaveProperty('S3_SECRET_ACCESS_KEY');
  });
});
