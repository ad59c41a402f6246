import { mkdtempSync, readdirSync, rmSync, writeFileSync, readFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/runtime/errors.js';
import { DirectoryStore } from '../../core/store/directory.js';
import { storeContract } from '../support/store-contract.js';

const root = mkdtempSync(join(tmpdir(), 'ttg-store-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a store in a directory', () => {
  storeContract(() => new DirectoryStore(root));

  it('leaves no file under another name', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => new DirectoryStore(root).put('r/aa/same', Buffer.from([7, i % 1]))),
    );
    expect(readdirSync(join(root, 'r/aa'))).toEqual(['same']);
  });

  it('replaces a file that was cut short', async () => {
    mkdirSync(join(root, 'cut/aa'), { recursive: true });
    writeFileSync(join(root, 'cut/aa/x'), 'ab');
    await new DirectoryStore(root).put('cut/aa/x', Buffer.from('abcd'));
    expect(readFileSync(join(root, 'cut/aa/x'), 'utf8')).toBe('abcd');
  });

  it('never makes its root: without its volume every value would be lost', async () => {
    const store = new DirectoryStore(join(root, 'not-mounted'));
    await expect(store.put('r/aa/x', Buffer.from('x'))).rejects.toThrow(ConfigError);
    await expect(store.get('r/aa/x')).rejects.toThrow(/RESULTS_DIRECTORY=.*not-mounted: cannot read/);
    expect(readdirSync(root)).not.toContain('not-mounted');
  });

  it('makes a folder again that somebody removed', async () => {
    const store = new DirectoryStore(root);
    await store.put('gone/aa/x', Buffer.from('x'));
    rmSync(join(root, 'gone'), { recursive: true });
    await store.put('gone/aa/y', Buffer.from('y')).catch(() => undefined);
    await store.put('gone/aa/y', Buffer.from('y'));
    expect(readFileSync(join(root, 'gone/aa/y'), 'utf8')).toBe('y');
  });

  it('says what to do where it may not write', async () => {
    writeFileSync(join(root, 'file'), '');
    await expect(new DirectoryStore(join(root, 'file')).put('r/x', Buffer.from('x'))).rejects.toThrow(
      /chart: results.directory.path/,
    );
  });
});
