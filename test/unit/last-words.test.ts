import { expect, it } from 'vitest';
import { saidLast } from '../../cli/diagnose/collect-owners.js';

it.each([
  [
    'a crash in text, without time, name and stack',
    '2026-01-01T00:00:00.000Z [INFO] worker w-1: worker ready node=n\n2026-01-01T00:00:01.000Z [ERROR] worker w-1: crashed err=Error: boom\n    at run (worker.js:1:1)\n',
    'crashed err=Error: boom',
  ],
  [
    'a crash in JSON',
    '{"level":"error","msg":"crashed","err":{"message":"boom","stack":"Error: boom"}}\n',
    'crashed: boom',
  ],
  [
    'what a seeder waits for',
    '{"level":"info","msg":"waiting for Redis","reason":"ECONNREFUSED"}',
    'waiting for Redis: ECONNREFUSED',
  ],
  ['the last line of a program that is not ours', 'one\n{"not": json\n\n', '{"not": json'],
  ['nothing', '\n', undefined],
])('finds in a log %s', (_what, log, said) => {
  expect(saidLast(log)).toBe(said);
});
