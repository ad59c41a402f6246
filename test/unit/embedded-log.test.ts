/** The coordinator's log: what was confirmed is there after any end of its process, and a torn end is cut off. */
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDisk, type Disk } from '../../core/broker/embedded/coordinator/disk.js';
import { Journal } from '../../core/broker/embedded/coordinator/journal.js';
import { recover } from '../../core/broker/embedded/coordinator/recover.js';
import { encodeLine, FIRST_LINE, idsOf, idsText, linesOf } from '../../core/broker/embedded/lines.js';
import { ConfigError } from '../../core/runtime/errors.js';
import { eventually } from '../support/wait.js';

let dir: string;
let path: string;
let told: { msg: string; bytes?: number; reason?: string }[];
const log = pino({ level: 'info' }, { write: (line: string) => void told.push(JSON.parse(line) as (typeof told)[0]) });

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ttg-log-'));
  path = join(dir, 'ttg.journal');
  told = [];
});
afterEach(() => rm(dir, { recursive: true }));

async function opened(disk?: Disk): Promise<{ journal: Journal; payloads: string[] }> {
  const payloads: string[] = [];
  const file = disk ?? (await openDisk(path));
  const size = await recover(
    path,
    file,
    ({ kind, payload }) => kind === 'r' && payloads.push(payload.toString()),
    log,
  ).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  return { journal: new Journal(path, file, size, log), payloads };
}

async function write(...payloads: string[]): Promise<void> {
  const { journal } = await opened();
  for (const payload of payloads) {
    journal.append(encodeLine('r', payload));
    await journal.durable();
  }
  await journal.close();
}

describe('the log', () => {
  it('keeps what it confirmed, in its order, readable by its owner alone', async () => {
    await write('{"a":1}', '{"größe":"☃"}', 'x'.repeat(9_000_000));
    const { journal, payloads } = await opened();
    expect(payloads).toEqual(['{"a":1}', '{"größe":"☃"}', 'x'.repeat(9_000_000)]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const page = await journal.read(0, 1000);
    expect([...linesOf(page, 0)].filter(({ kind }) => kind === 'r')).toHaveLength(2);
    await journal.close();
    expect(told).toEqual([]);
  });

  it('confirms many by one write, and none before it is on the disk', async () => {
    let syncs = 0;
    const real = await openDisk(path);
    const { journal } = await opened({ ...real, sync: () => (syncs++, real.sync()) });
    const before = syncs;
    let confirmed = 0;
    const all = Array.from({ length: 1000 }, (_, i) => {
      journal.append(encodeLine('r', String(i)));
      return journal.durable().then(() => confirmed++);
    });
    expect(confirmed).toBe(0);
    expect(journal.end).toBe(0);
    await Promise.all(all);
    expect(confirmed).toBe(1000);
    expect(syncs - before).toBeLessThan(5);
    await journal.close();
  });

  it('cut off anywhere is whole up to there, and says how much it cut', async () => {
    await write('one', 'two', 'three');
    const whole = await readFile(path);
    const ends = Array.from(linesOf(whole, 0), ({ offset, length, kind, payload }) => ({
      end: offset + length,
      kind,
      payload,
    }));
    const property = fc.asyncProperty(
      fc.integer({ min: FIRST_LINE.length, max: whole.length }),
      fc.uint8Array({ maxLength: 40 }),
      async (size, garbage) => {
        told = [];
        await writeFile(path, whole);
        await truncate(path, size);
        await appendFile(path, garbage);
        const kept = ends.filter(({ end }) => end <= size);
        const { journal, payloads } = await opened();
        expect(payloads).toEqual(kept.filter(({ kind }) => kind === 'r').map(({ payload }) => payload.toString()));
        const cut = size + garbage.length - (kept.at(-1)?.end ?? 0);
        expect(told.map(({ bytes }) => bytes)).toEqual(cut > 0 ? [cut] : []);
        journal.append(encodeLine('r', 'next'));
        await journal.durable();
        await journal.close();
        const again = await opened();
        expect(again.payloads).toEqual([...payloads, 'next']);
        await again.journal.close();
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('that is damaged where it was confirmed is refused, and not changed', async () => {
    await write('one', 'two', 'three');
    const bytes = await readFile(path);
    const at = bytes.indexOf('two');
    bytes[at] = 0x58;
    await writeFile(path, bytes);
    await expect(opened()).rejects.toThrow(ConfigError);
    await expect(opened()).rejects.toThrow(/ttg\.journal is damaged at byte \d+.*copy/);
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });

  it('on a full disk confirms nothing, says so, and goes on where it was once there is space', async () => {
    let full = false;
    const real = await openDisk(path);
    const write = (bytes: Buffer, position: number): Promise<number> => {
      if (!full) return real.write(bytes, position);
      // As a disk does: the first bytes still fit.
      if (bytes.length > 10) return real.write(bytes.subarray(0, 10), position);
      return Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }));
    };
    const { journal } = await opened({ ...real, write });
    journal.append(encodeLine('r', 'before'));
    await journal.durable();
    full = true;
    journal.append(encodeLine('r', 'while it is full'));
    let confirmed = false;
    const durable = journal.durable().then(() => (confirmed = true));
    await eventually(() => told.some(({ msg }) => msg.startsWith('the disk is full')), 5000, 'a word about it');
    expect(confirmed).toBe(false);
    const copy = await readFile(path);
    expect(copy.includes('while it is full')).toBe(false);
    full = false;
    await durable;
    await journal.close();
    const again = await opened();
    expect(again.payloads).toEqual(['before', 'while it is full']);
    await again.journal.close();
  });

  it('whose disk fails takes nothing more, and names the file', async () => {
    let broken = false;
    const real = await openDisk(path);
    const sync = () => (broken ? Promise.reject(new Error('EIO: i/o error')) : real.sync());
    const { journal } = await opened({ ...real, sync });
    broken = true;
    journal.append(encodeLine('r', 'lost'));
    await expect(journal.durable()).rejects.toThrow(/ttg\.journal cannot be written.*EIO/);
    expect(() => journal.append(encodeLine('r', 'more'))).toThrow(/cannot be written/);
    expect(journal.end).toBe(0);
    await journal.close();
  });

  it('names ids by their ranges', () => {
    const ids = fc.uniqueArray(fc.nat(200), { minLength: 1 }).map((list) => list.toSorted((a, b) => a - b));
    fc.assert(fc.property(ids, (list) => void expect([...idsOf(idsText(list))]).toEqual(list)));
    expect(idsText([3, 4, 5, 9])).toBe('3-5,9');
  });
});
