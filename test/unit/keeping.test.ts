/** Values are in their store before the record that names them is settled; what that means where the store fails. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Settlement } from '../../core/broker/port.js';
import { ConfigError, LeaseLost, StoreAway, Unrecordable } from '../../core/runtime/errors.js';
import { DirectoryStore } from '../../core/store/directory.js';
import type { ValueStore } from '../../core/store/port.js';
import { valuesOf } from '../../core/wire/object-codec.js';
import { keepingValues } from '../../worker/keeping.js';
import { deliveryOf, FakeBroker } from '../support/fake-broker.js';
import { resultRecord } from './support.js';

const root = mkdtempSync(join(tmpdir(), 'ttg-keeping-'));
afterAll(() => rmSync(root, { recursive: true }));
const directory = new DirectoryStore(root);

const complete = (start: number, end: number, values?: readonly number[]): Settlement => ({
  delivery: deliveryOf(start, end),
  verb: 'complete',
  result: { ...resultRecord(start, end), ...(values ? { values } : {}) },
});
const failing = (error: Error): ValueStore => ({
  place: 'nowhere',
  put: () => Promise.reject(error),
  get: () => Promise.reject(error),
  delete: () => Promise.reject(error),
});

describe('keeping values outside of the log', () => {
  it('settles records that name an object which is there, and carry no values', async () => {
    const broker = new FakeBroker();
    await keepingValues(broker.port, 'directory', directory).settle([complete(0, 2, [1, 2, 3]), complete(3, 3)]);
    const [kept, plain] = broker.batches.flat() as Extract<Settlement, { verb: 'complete' }>[];
    expect(kept?.result.values ?? kept?.result.packed).toBeUndefined();
    const at = kept?.result.valuesAt;
    expect(at).toMatchObject({
      store: 'directory',
      name: expect.stringMatching(/^run-1\/[0-9a-f]{2}\/[0-9a-f]{64}$/) as string,
    });
    if (at) expect(valuesOf(await directory.get(at.name), at, { start: 0, end: 2 })).toEqual([1, 2, 3]);
    expect(plain?.result.valuesAt).toBeUndefined();
  });

  it('writes equal values once', async () => {
    const keeping = keepingValues(new FakeBroker().port, 'directory', directory);
    const before = readdirSync(root, { recursive: true }).length;
    await keeping.settle([complete(0, 1, [7, 7]), complete(2, 3, [7, 7]), complete(4, 5, [7, 7])]);
    await keeping.settle([complete(0, 1, [7, 7])]);
    expect(readdirSync(root, { recursive: true }).length - before).toBeLessThanOrEqual(2);
  });

  it('releases chunks whose values the store does not take now, and settles all others', async () => {
    const broker = new FakeBroker();
    const keeping = keepingValues(broker.port, 's3', failing(new StoreAway('no answer')));
    const answers = await keeping.settle([complete(0, 0, [1]), complete(1, 1)]);
    expect(answers).toEqual([new StoreAway('no answer'), undefined]);
    expect(broker.settled.map(({ verb }) => verb)).toEqual(['release', 'complete']);
  });

  it('tells a lost lease rather than a lost store', async () => {
    const broker = new FakeBroker();
    broker.answer = () => new LeaseLost('gone');
    const answers = await keepingValues(broker.port, 's3', failing(new StoreAway('x'))).settle([complete(0, 0, [1])]);
    expect(answers).toEqual([new LeaseLost('gone')]);
  });

  it('leaves to the settler what the store will never take', async () => {
    const broker = new FakeBroker();
    const keeping = keepingValues(broker.port, 's3', failing(new Unrecordable('too large')));
    const answers = await keeping.settle([complete(0, 1, [1, 2]), complete(2, 2)]);
    expect(answers).toEqual([new Unrecordable('too large'), undefined]);
    expect(broker.settled).toEqual([{ verb: 'complete', start: 2, end: 2 }]);
  });

  it('ends the worker where the store is set up wrongly: nothing is settled', async () => {
    const broker = new FakeBroker();
    const keeping = keepingValues(broker.port, 's3', failing(new ConfigError('no bucket')));
    await expect(keeping.settle([complete(0, 0, [1]), complete(1, 1, [1])])).rejects.toThrow(ConfigError);
    expect(broker.batches).toEqual([]);
  });
});
