/** What a killed process left in the folder for temporary files goes when the next one comes, and nothing else. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeOwnFolder } from '../../compute/own-folder.js';
import { temporaryDirectory } from './support.js';

describe('a folder of its own', () => {
  it('takes away that of a process that is gone, and no other', async () => {
    using parent = temporaryDirectory();
    const own = makeOwnFolder(parent.path);
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    const dead = own.replace(`-${process.pid}-`, `-${child.pid}-`);
    const elsewhere = dead.replace(/ttg-source-(\d*)-/, 'ttg-source-1$1-');
    const foreign = join(parent.path, 'ttg-source-abc');
    for (const folder of [dead, elsewhere, foreign]) {
      mkdirSync(folder);
      writeFileSync(join(folder, 'source'), 'x');
    }
    const next = makeOwnFolder(parent.path);
    expect([own, next, elsewhere, foreign].map((folder) => existsSync(folder))).toEqual([true, true, true, true]);
    expect(existsSync(dead)).toBe(false);
  });
});
