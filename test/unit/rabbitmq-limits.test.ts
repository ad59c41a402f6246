import { describe, expect, it } from 'vitest';
import { recordBytes, timeoutConcern } from '../../core/broker/rabbitmq/concerns.js';
import { reasonText, refusal } from '../../core/broker/rabbitmq/failure.js';
import { heartbeatSeconds, silenceMs } from '../../core/broker/rabbitmq/dial.js';
import { isAtLeast } from '../../core/broker/rabbitmq/version.js';
import { GiveUp } from '../../core/broker/rabbitmq/give-up.js';
import { ConfigError } from '../../core/runtime/errors.js';

const reply = (code: number, message: string): Error => Object.assign(new Error(message), { code });

describe('limits of RabbitMQ', () => {
  it('are compared by version', () => {
    expect(isAtLeast([3, 12], [3, 12])).toBe(true);
    expect(isAtLeast([4, 0], [3, 12])).toBe(true);
    expect(isAtLeast([3, 10], [3, 12])).toBe(false);
  });

  it('concern a chunk that may take longer than a lease', () => {
    const long = { CHUNK_TIMEOUT_SECONDS: 7200 };
    const own = { 'x-consumer-timeout': 1 };
    expect(timeoutConcern({ CHUNK_TIMEOUT_SECONDS: 1500 }, [3, 10], undefined)).toBeUndefined();
    expect(timeoutConcern(long, [3, 10], own)?.message).toMatch(/consumer_timeout.*3\.12/s);
    expect(timeoutConcern(long, [4, 0], own)).toBeUndefined();
    expect(timeoutConcern(long, [4, 0], undefined)).toBeUndefined();
    // A queue that an older version made.
    expect(timeoutConcern(long, [4, 0], {})?.message).toMatch(/delete the queue of tasks/);
  });

  it('are reckoned with before records are made', () => {
    const large = { CHUNK_SIZE: 1_000_000, RESULTS_STORE: '' } as const;
    expect(recordBytes({ ...large, KEEP_VALUES: false })).toBeLessThan(2000);
    expect(recordBytes({ ...large, KEEP_VALUES: true, RESULTS_STORE: 'none' })).toBeLessThan(2000);
    expect(recordBytes({ ...large, KEEP_VALUES: true })).toBeGreaterThan(10_000_000);
  });

  it('are named with their setting when they end a lease', () => {
    expect(reasonText(reply(406, 'timed out'))).toMatch(/^timed out\. .*consumer_timeout.*CHUNK_TIMEOUT_SECONDS/s);
    expect(reasonText(reply(320, 'maintenance'))).toContain('maintenance');
    expect(reasonText(undefined)).toMatch(/without a word/);
  });

  it('of rights are a matter of set-up, and nothing else is', () => {
    const error = refusal(reply(403, 'ACCESS_REFUSED'), 'configure', 'queue ttg.tasks');
    expect(error).toBeInstanceOf(ConfigError);
    expect(error?.message).toMatch(/right to configure queue ttg\.tasks.*set_permissions/);
    expect(refusal(reply(404, 'NOT_FOUND'), 'read', 'queue ttg.tasks')).toBeUndefined();
  });

  it('of silence follow from the lease', () => {
    expect(heartbeatSeconds(500)).toBe(1);
    expect(heartbeatSeconds(60_000)).toBe(5);
    expect(silenceMs(60_000)).toBe(15_000);
  });
});

describe('giving up', () => {
  it('lets an answer through that comes in time, and ends the wait for one that does not', async () => {
    const signal = new AbortController();
    const giveUp = new GiveUp(signal.signal, () => ': it is full');
    expect(await giveUp.limit(Promise.resolve(1), 'asking')).toBe(1);
    const waiting = giveUp.limit(new Promise<never>(() => {}), 'settling');
    signal.abort();
    await expect(waiting).rejects.toThrow(/gave up settling.*it is full/);
    expect(await giveUp.limit(Promise.resolve(2), 'giving back')).toBe(2);
    const refused = giveUp.limit(Promise.reject(new Error('refused')), 'asking');
    await expect(refused).rejects.toThrow('refused');
  });
});
