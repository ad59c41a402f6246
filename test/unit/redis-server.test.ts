import { ReplyError } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { concernsOf } from '../../core/broker/redis/concerns.js';
import { classify, codeOf, reasonOf, refusal } from '../../core/broker/redis/failure.js';
import { parseInfo, unsuitable } from '../../core/broker/redis/server.js';
import { ConfigError } from '../../core/runtime/errors.js';

const info = (fields: Record<string, string>) => new Map(Object.entries(fields));
// Its types leave the constructor out.
const Reply = ReplyError as new (message: string) => Error;
const reply = (message: string): Error => new Reply(message);

describe('a server of Redis', () => {
  const good = { redis_version: '7.0.15', redis_mode: 'standalone', role: 'master' };

  it('is accepted where it is a primary of 7.0 or newer, or does not say', () => {
    expect(unsuitable(info(good), 'Redis')).toBeUndefined();
    expect(unsuitable(info({ ...good, redis_version: '8.2.1' }), 'Redis')).toBeUndefined();
    expect(unsuitable(info({}), 'Redis')).toBeUndefined();
  });

  it.each([
    [{ redis_mode: 'cluster' }, /cluster mode.*REDIS_HOST/],
    [{ redis_mode: 'sentinel' }, /Sentinel.*primary/],
    [{ redis_version: '6.2.14' }, /6\.2\.14.*7\.0.*upgrade/],
  ])('is refused for good where it says %j', (fields, words) => {
    const fault = unsuitable(info({ ...good, ...fields }), 'Redis at here:1');
    expect(fault).toBeInstanceOf(ConfigError);
    expect(String(fault)).toMatch(words);
  });

  it('is refused for the moment while it is a replica', () => {
    expect(unsuitable(info({ ...good, role: 'slave' }), 'Redis')).toMatch(/replica.*primary/);
  });

  it('tells its fields line by line, whatever the line ends and however many colons a value has', () => {
    expect([...parseInfo('# Server\r\nredis_version:7.0.15\r\nexecutable:/a:b\n\r\n')]).toEqual([
      ['redis_version', '7.0.15'],
      ['executable', '/a:b'],
    ]);
  });
});

describe('concerns about Redis', () => {
  const good = { maxmemory_policy: 'noeviction', maxmemory: '0', aof_enabled: '1', aof_last_write_status: 'ok' };
  const fatal = (fields: Record<string, string>, fsync?: string) =>
    concernsOf(info({ ...good, ...fields }), fsync).map((concern) => concern.fatal);

  it('are none where it evicts nothing and keeps all on disk', () => {
    expect(fatal({}, 'everysec')).toEqual([]);
    expect(fatal({}, undefined)).toEqual([]);
  });

  it('are fatal where it evicts what never expires, or cannot write', () => {
    expect(fatal({ maxmemory_policy: 'allkeys-lru', maxmemory: '1000' })).toEqual([true]);
    expect(fatal({ aof_last_write_status: 'err' })).toEqual([true]);
  });

  it('are told only where little or nothing is lost as long as it runs', () => {
    expect(fatal({ maxmemory_policy: 'allkeys-lru' })).toEqual([false]);
    expect(fatal({ maxmemory_policy: 'volatile-ttl', maxmemory: '1000' })).toEqual([false]);
    expect(fatal({ aof_enabled: '0' }, 'no')).toEqual([false]);
    expect(fatal({}, 'no')).toEqual([false]);
    expect(fatal({ connected_slaves: '1' })).toEqual([false]);
    expect(fatal({ connected_slaves: '1', min_slaves_good_slaves: '1' })).toEqual([]);
  });

  it('say that nothing was checked where the user may not ask', () => {
    expect(concernsOf(info({}), undefined)).toMatchObject([
      { fatal: false, message: expect.stringMatching(/INFO.*not.*checked/) as string },
    ]);
  });
});

describe('errors of Redis', () => {
  it.each([
    ['WRONGPASS invalid username-password pair', 'refused'],
    ["NOPERM User x has no permissions to run the 'xadd' command", 'refused'],
    ['ERR ACL failure in script: User x has no permissions', 'refused'],
    ["CROSSSLOT Keys in request don't hash to the same slot", 'refused'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'refused'],
    ["READONLY You can't write against a read only replica. script: abc, on @user_script:1.", 'wrong'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'full'],
    ['MISCONF Errors writing to the AOF file', 'full'],
    ['LOADING Redis is loading the dataset in memory', 'busy'],
    ['ERR unknown command', 'other'],
  ])('are known by their first word: %s', (message, failure) => {
    expect(classify(reply(message))).toBe(failure);
  });

  it('of the connection are known by code or type, not by their words', () => {
    expect(classify(Object.assign(new Error('x'), { code: 'ECONNRESET' }))).toBe('away');
    expect(classify(new Error('in whatever words a client may say it'))).toBe('away');
    expect(classify(new TypeError('Connection is closed.'))).toBe('other');
    expect(classify(new ConfigError('Connection is closed.'))).toBe('other');
    expect(classify('Connection is closed.')).toBe('other');
    expect(codeOf(new Error('OOM in our own words'))).toBe('');
  });

  it('are told as they are, but for those that only name options of the client', () => {
    expect(reasonOf(new Error('Reached the max retries per request limit'))).toBe('connection lost');
    expect(reasonOf(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))).toMatch(/REFUSED/);
    expect(reasonOf(reply('LOADING data'))).toBe('LOADING data');
  });

  it.each([
    ['NOAUTH Authentication required.', /REDIS_PASSWORD/],
    ["NOPERM User x has no permissions to run the 'xadd' command", /'xadd'.*ACL SETUSER/],
    ['WRONGTYPE Operation against a key', /QUEUE_PREFIX/],
    ['MOVED 1 10.0.0.1:6379', /Cluster.*REDIS_HOST/],
  ])('that will not get better name the remedy: %s', (message, words) => {
    const error = refusal(reply(message), 'Redis at here:1');
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(words);
    expect(error.message).toMatch(/^Redis at here:1 /);
  });
});
