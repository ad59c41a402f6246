/** Folders and files that a user names, and what a run's folder says of itself. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockDirectory } from '../../core/broker/embedded/coordinator/lock.js';
import { namesOf, runFolderAt, runFoldersIn } from '../../core/broker/embedded/run-folder.js';
import { loadConfig } from '../../core/runtime/config.js';
import { CannotWrite, ConfigError } from '../../core/runtime/errors.js';
import { inPlace, makeFolder, syncFolder } from '../../core/runtime/folders.js';
import { LineFile } from '../../core/runtime/line-file.js';
import { DirectoryStore } from '../../core/store/directory.js';
import { storeSettings, withStoreOf } from '../../core/store/of-folder.js';
import { deleteObjects, ownObjects } from '../../core/store/remove-values.js';
import { objectName } from '../../core/wire/values-at.js';
import { logOf, planRecord, resultRecord, RUN, temporaryDirectory } from './support.js';

describe('a folder', () => {
  it('is made with those above it, and is no error where it is there', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'a/b/c');
    makeFolder(path, 0o700);
    makeFolder(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    await syncFolder(path);
    writeFileSync(join(path, 'file'), '');
    expect(() => makeFolder(join(path, 'file/x'))).toThrow(/ENOTDIR/);
  });

  // Node's own way of making folders above never returns there.
  it.runIf(existsSync('/proc/self'))('is refused by its name where the system makes none', () => {
    const make = (): void => inPlace('--dir /proc/nope/x', () => makeFolder('/proc/nope/x'));
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(/^--dir \/proc\/nope\/x: ENOENT.* Name a place that is there, may be written and has room$/);
  });
});

describe('a file of lines', () => {
  it('has its head before the first line', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'lines');
    {
      await using file = await LineFile.open('--out', path, 'head\n', '');
      await file.write('line\n');
    }
    expect(readFileSync(path, 'utf8')).toBe('head\nline\n');
  });

  it.runIf(existsSync('/dev/full'))('says once that the disk is full, at its head or later', async () => {
    await expect(LineFile.open('--joblog', '/dev/full', 'head\n', '')).rejects.toThrow(
      /^--joblog \/dev\/full: ENOSPC.* Name a place/,
    );
    const file = await LineFile.open('--joblog', '/dev/full', '', 'Take another.');
    const write = async (): Promise<void> => {
      for (;;) await (file.write('x'.repeat(1000)) ?? new Promise(setImmediate));
    };
    await expect(write()).rejects.toThrow(CannotWrite);
    await file[Symbol.asyncDispose]();
    const last = await LineFile.open('--joblog', '/dev/full', '', 'Take another.');
    await last.write('one line\n');
    await expect(last[Symbol.asyncDispose]()).rejects.toThrow(
      /^--joblog \/dev\/full: ENOSPC.*It is not whole\. Take another\.$/,
    );
  });
});

describe("a run's folder, for everybody else", () => {
  it('says which run it has, where its log is, and who is at work', () => {
    using directory = temporaryDirectory();
    expect(runFoldersIn(join(directory.path, 'none'))).toEqual([]);
    for (const [name, backend] of [
      ['two', 'redis'],
      ['one', 'embedded'],
    ] as const) {
      mkdirSync(join(directory.path, name));
      writeFileSync(join(directory.path, name, 'meta.json'), JSON.stringify({ runId: name, backend }));
    }
    mkdirSync(join(directory.path, 'other'));
    expect(runFoldersIn(directory.path)).toEqual(['one', 'two']);
    expect(runFolderAt(join(directory.path, 'other'))).toBeUndefined();
    expect(runFolderAt(join(directory.path, 'two'))).toMatchObject({ runId: 'two', hasLog: false });
    const one = runFolderAt(join(directory.path, 'one'));
    expect(one?.holder()).toBeUndefined();
    const unlock = lockDirectory(join(directory.path, 'one'));
    expect(one?.holder()).toBe(`process ${process.pid}`);
    unlock();
    expect(one?.holder()).toBeUndefined();
    expect(namesOf([])).toBe('none');
    expect(namesOf(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('a, b, c, d, e, …');
  });

  it('says where its values lie, unless the environment does', () => {
    const of = (env: Record<string, string>) => loadConfig({ ...env, RUN_ID: 'x' });
    expect(storeSettings(of({}))).toBeUndefined();
    const store = storeSettings(of({ S3_BUCKET: 'bucket', S3_PATH_STYLE: 'false' }));
    expect(store).toEqual({ S3_BUCKET: 'bucket', S3_REGION: 'us-east-1', S3_PATH_STYLE: 'false' });
    expect(withStoreOf({ store }, of({}))).toMatchObject({ S3_BUCKET: 'bucket', S3_PATH_STYLE: false });
    expect(withStoreOf({ store }, of({ RESULTS_DIRECTORY: '/v' }))).toMatchObject({
      S3_BUCKET: '',
      RESULTS_DIRECTORY: '/v',
    });
    expect(withStoreOf({}, of({}))).toEqual(of({}));
  });
});

describe('the objects of a run', () => {
  const sha = (digit: string): string => digit.repeat(64);
  const at = (runId: string, digit: string) => ({
    store: 'directory' as const,
    name: objectName(runId, sha(digit)),
    bytes: 4,
    sha256: sha(digit),
  });
  const record = (start: number, digit: string, runId = RUN) => ({
    ...resultRecord(start, start),
    runId,
    valuesAt: at(RUN, digit),
  });

  it('are those that its records name and nobody else does; these are deleted, with what folders they leave empty', async () => {
    using directory = temporaryDirectory();
    const store = new DirectoryStore(directory.path);
    for (const digit of ['a', 'b', 'c', 'd']) await store.put(objectName(RUN, sha(digit)), Buffer.from('four'));
    await store.put(objectName('other', sha('a')), Buffer.from('four'));
    const own = [
      planRecord(4),
      record(0, 'a'),
      record(1, 'a'),
      record(2, 'b'),
      record(3, 'c'),
      record(3, 'b', 'other'),
    ];
    const objects = await ownObjects(logOf(own), RUN, [logOf([record(0, 'c')])]);
    expect(objects).toMatchObject({ count: 1, bytes: 4, shared: 2 });
    for (let time = 0; time < 2; time++) await deleteObjects(objects, RUN, { of: () => store });
    const isThere = (runId: string, digit: string) => existsSync(join(directory.path, objectName(runId, sha(digit))));
    expect(['a', 'b', 'c', 'd'].map((digit) => isThere(RUN, digit))).toEqual([false, true, true, true]);
    expect(isThere('other', 'a')).toBe(true);
    expect(existsSync(join(directory.path, RUN, 'aa'))).toBe(false);
  });
});
