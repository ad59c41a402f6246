/** Programs that cannot start at all: told from those that fail on a parameter, with the reason. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support.js';
import { Trial } from './support.js';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => void (directory = temporaryDirectory()));
afterEach(() => directory[Symbol.dispose]());

function file(content: string | Buffer, mode = 0o755): string {
  const path = join(directory.path, 'program');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** The header of a 64-bit program for a machine that is none of ours. */
function foreign(): Buffer {
  const head = Buffer.alloc(128);
  head.writeUInt32BE(0x7f454c46, 0);
  head.set([2, 1, 1], 4);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(process.arch === 's390x' ? 62 : 22, 18);
  return head;
}

/** This machine's own node, which asks for a loader that is not there. */
function withoutLoader(): Buffer {
  const head = Buffer.alloc(64 + 56 + 32);
  head.writeUInt32BE(0x7f454c46, 0);
  head.set([2, 1, 1], 4);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(process.arch === 'arm64' ? 183 : 62, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(0x400000n, 24);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(64, 52);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  head.writeUInt32LE(3, 64);
  head.writeBigUInt64LE(120n, 72);
  head.writeBigUInt64LE(20n, 96);
  head.write('/nowhere/ld.so.2\0', 120);
  return head;
}

const CASES: [string, () => string[], RegExp][] = [
  [
    'is not in PATH',
    () => ['no-such-program-of-anybody'],
    /cannot start: it is not in PATH=\S+: look at its name in computation.command/,
  ],
  ['is not there', () => [join(directory.path, 'absent')], /cannot start: there is no such file/],
  ['is not executable', () => [file('#!/bin/sh\n', 0o644)], /program is not executable: chmod \+x/],
  ['is a directory', () => [(mkdirSync(join(directory.path, 'd')), join(directory.path, 'd'))], /is a directory/],
  [
    'needs an interpreter that is not there',
    () => [file('#!/opt/none/python3 -u\n')],
    /begins with #!\/opt\/none\/python3/,
  ],
  [
    'is run by an env that does not find it',
    () => [file('#!/usr/bin/env no-such-python\n')],
    /status 127, command not found/,
  ],
  ['is for another machine', () => [file(foreign())], /wrong architecture/],
  ['asks for a loader that is not there', () => [file(withoutLoader())], /cannot start: .*(loader|not found)/],
  [
    'lacks a library',
    () => ['/bin/sh', '-c', 'echo "./a: error while loading shared libraries: libx.so.1: cannot open" >&2; exit 127'],
    /cannot start: .*error while loading shared libraries: libx\.so\.1/,
  ],
];

describe.each(['process', 'lines'])('a program (%s) that cannot start since it', { timeout: 60_000 }, (protocol) => {
  it.each(CASES)('%s is to blame, and none of its parameters', async (_, command, reason) => {
    await using trial = await Trial.of({ parameters: { range: 4 }, computation: { command: command(), protocol } });
    const outcomes = await trial.execute(trial.chunks(2));
    expect(outcomes).toHaveLength(2);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        failure: { blame: 'computation', retryable: false, message: expect.stringMatching(reason) as string },
      });
      expect(outcome).not.toHaveProperty('failure.parameter');
    }
  });
});

describe('a program that can start', { timeout: 60_000 }, () => {
  it('and ends with 127 for one parameter after it worked for another is not the one to blame', async () => {
    await using trial = await Trial.of({
      parameters: { range: 2 },
      source: 'if (process.env.TTG_INDEX === "1") process.exit(127); console.log(1)',
    });
    expect(await trial.values(1)).toMatchObject([1, { blame: 'parameter', parameter: 1 }]);
  });

  it('gets a parameter that is too long for a command line blamed on the parameter', async () => {
    await using trial = await Trial.of({
      parameters: { grid: { text: ['x'.repeat(200_000)] } },
      computation: { command: ['/bin/echo', '{text}'] },
    });
    expect(await trial.values()).toMatchObject([
      { blame: 'parameter', message: expect.stringMatching(/too long for this machine \(E2BIG\)/) as string },
    ]);
  });

  it('may be the source itself, where its first line says who reads it', async () => {
    await using trial = await Trial.of({
      parameters: { range: 2 },
      computation: { command: ['{source}', '{index}'] },
      source: '#!/bin/sh\necho $(($1 + 1))\n',
    });
    expect(await trial.values()).toEqual([1, 2]);
  });
});
