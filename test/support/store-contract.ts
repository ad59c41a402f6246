/** What every store of values does. */
import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { probeStore } from '../../core/store/open.js';
import { NoSuchObject, type ValueStore } from '../../core/store/port.js';

/** @param make several clients of the same store */
export function storeContract(make: () => ValueStore): void {
  const named = (bytes: Buffer): string => `run-1/ab/${createHash('sha256').update(bytes).digest('hex')}`;

  it('gives what it was given', async () => {
    for (const size of [0, 1, 100_000, 6 << 20]) {
      const bytes = randomBytes(size);
      await make().put(named(bytes), bytes);
      expect((await make().get(named(bytes))).equals(bytes), String(size)).toBe(true);
    }
  });

  it('takes the same object again, from several at once too', async () => {
    const bytes = randomBytes(5000);
    await Promise.all(Array.from({ length: 8 }, () => make().put(named(bytes), bytes)));
    const store = make();
    await store.put(named(bytes), bytes);
    expect((await store.get(named(bytes))).equals(bytes)).toBe(true);
  });

  it('says by type that there is no such object', async () => {
    await expect(make().get('run-1/ab/none')).rejects.toThrow(NoSuchObject);
    await expect(make().get('run-1/ab/none')).rejects.toThrow(/run-1\/ab\/none/);
  });

  it('deletes, and is not bothered by what is not there', async () => {
    const bytes = randomBytes(50);
    const store = make();
    await store.put(named(bytes), bytes);
    await store.delete(named(bytes));
    await store.delete(named(bytes));
    await expect(store.get(named(bytes))).rejects.toThrow(NoSuchObject);
  });

  it('passes the trial of the seeder', async () => {
    await expect(probeStore(make())).resolves.toBeUndefined();
  });
}
