/**
 * From outcomes to settlements: who pays for what, what is recorded once, and what a lost lease or a lost broker means.
 */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../compute/executor.js';
import type { Delivery, Settlement } from '../../core/broker/port.js';
import { ConfigError, LeaseLost, Unrecordable } from '../../core/runtime/errors.js';
import { Halts } from '../../worker/halts.js';
import { Leases } from '../../worker/leases.js';
import { NotSettled, Settler } from '../../worker/settle.js';
import { deliveryOf, FakeBroker } from '../support/fake-broker.js';
import { configOf, resultRecord } from './support.js';

function setUp(env: Record<string, string> = {}) {
  const broker = new FakeBroker();
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const config = configOf({ QUEUE_MODE: 'true', POD_NAME: 'w1', ...env });
  const leases = new Leases({ broker, staleThresholdMs: 60_000, log, beat: async () => undefined });
  leases[Symbol.dispose]();
  const halts = new Halts(broker, log);
  const settler = new Settler({ broker, config, leases, halts, log });
  const settle = async (batch: readonly Delivery[], outcomes: readonly Outcome[]): Promise<void> => {
    leases.hold(batch);
    const sorted = await settler.sort(batch);
    settler.settle(sorted, outcomes);
    await settler.batchDone(sorted);
    await settler.settled();
  };
  return { broker, settler, settle, leases, halts, logged: () => lines.join('') };
}

const computed = (index: number, start: number, end: number): Outcome => ({
  index,
  computed: resultRecord(start, end),
});
const failed = (index: number, failure: Partial<Extract<Outcome, { failure: unknown }>['failure']> = {}): Outcome => ({
  index,
  failure: {
    message: 'boom',
    stack: 'Error: boom\n    at compute (a.mjs:1)',
    blame: 'parameter',
    retryable: true,
    ...failure,
  },
});
const deaths = (broker: FakeBroker) =>
  broker.batches.flat().flatMap((settlement) => (settlement.verb === 'dead-letter' ? [settlement.death] : []));

describe('settling', () => {
  it('hands the outcomes of a batch to the broker as one batch', async () => {
    const { broker, settle, leases } = setUp();
    await settle([deliveryOf(0, 9), deliveryOf(10, 19)], [computed(0, 0, 9), computed(1, 10, 19)]);
    expect(broker.batches).toHaveLength(1);
    expect(broker.settled).toEqual([
      { verb: 'complete', start: 0, end: 9 },
      { verb: 'complete', start: 10, end: 19 },
    ]);
    expect(broker.batches[0]?.[0]).toMatchObject({ result: { workerId: 'w1', summary: { count: 10 } } });
    expect(leases.count).toBe(0);
  });

  it('releases what got no outcome', async () => {
    const { broker, settle } = setUp();
    await settle([deliveryOf(0, 9), deliveryOf(10, 19)], [computed(0, 0, 9)]);
    expect(broker.settled).toContainEqual({ verb: 'release', start: 10, end: 19 });
  });

  it('tries a chunk that failed again, then splits it around the parameter, which alone is dead in the end', async () => {
    const { broker, settle } = setUp({ MAX_RETRIES: '1' });
    await settle([deliveryOf(0, 9, 1)], [failed(0, { parameter: 4 })]);
    await settle([deliveryOf(0, 9, 2)], [failed(0, { parameter: 4 })]);
    await settle([deliveryOf(4, 4, 2)], [failed(0, { parameter: 4 })]);
    expect(broker.settled.map(({ verb }) => verb)).toEqual(['retry', 'split', 'dead-letter']);
    const [, split] = broker.batches.flat() as [Settlement, Extract<Settlement, { verb: 'split' }>];
    expect(split.pieces.map(({ start, end }) => [start, end])).toEqual([
      [0, 3],
      [4, 4],
      [5, 9],
    ]);
  });

  it('gives up what used up its attempts with its workers, without executing it', async () => {
    const { broker, settler } = setUp({ MAX_RETRIES: '2' });
    expect(await settler.sort([deliveryOf(0, 9, 4), deliveryOf(7, 7, 4), deliveryOf(10, 19, 3)])).toHaveLength(1);
    expect(broker.settled).toEqual([
      { verb: 'split', start: 0, end: 9 },
      { verb: 'dead-letter', start: 7, end: 7 },
    ]);
    expect(deaths(broker)).toMatchObject([{ attempts: 3, stack: '', stackId: '' }]);
  });

  it('lets one chunk pay for a computation that cannot be loaded, and dead-letters it whole in the end', async () => {
    const { broker, settle } = setUp({ MAX_RETRIES: '1' });
    const unloadable = (index: number): Outcome => failed(index, { blame: 'computation', stack: '' });
    await settle([deliveryOf(0, 9), deliveryOf(10, 19), deliveryOf(20, 29)], [0, 1, 2].map(unloadable));
    expect(broker.settled.map(({ verb }) => verb)).toEqual(['retry', 'release', 'release']);
    await settle([deliveryOf(0, 9, 2)], [unloadable(0)]);
    expect(broker.settled.at(-1)).toEqual({ verb: 'dead-letter', start: 0, end: 9 });
  });

  it('halts a run whose computation cannot start, at the second chance, and lets no parameter die', async () => {
    const { broker, settle, logged } = setUp({ MAX_RETRIES: '3' });
    const message = 'program solver cannot start: it is not in PATH';
    const broken = (index: number): Outcome =>
      failed(index, { blame: 'computation', retryable: false, stack: '', message });
    await settle([deliveryOf(0, 9), deliveryOf(10, 19)], [0, 1].map(broken));
    expect(broker.settled.map(({ verb }) => verb)).toEqual(['retry', 'release']);
    expect(broker.halts).toEqual([]);
    await settle([deliveryOf(0, 9, 2), deliveryOf(20, 29)], [0, 1].map(broken));
    expect(broker.halts).toEqual([{ runId: 'run-1', reason: 'failures', error: message }]);
    expect(broker.settled.slice(2).map(({ verb }) => verb)).toEqual(['park', 'park']);
    expect(logged()).toContain('nothing of it is lost');
  });

  it('keeps the end of standard error as it is, where a program failed', async () => {
    const { broker, settle } = setUp({ MAX_RETRIES: '0' });
    const output = 'Traceback (most recent call last):\n  File "model.py", line 3\nValueError: bad\n';
    for (const n of [1, 2]) await settle([deliveryOf(n, n)], [failed(0, { stack: '', output })]);
    const [first, second] = deaths(broker);
    expect(first?.stack).toBe(output.trimEnd());
    expect(second).toMatchObject({ stack: '', stackId: first?.stackId });
  });

  it('tells that the worker is of no use where it does not have the computation', async () => {
    const { broker, settler, settle } = setUp();
    expect(settler.misfit).toBeUndefined();
    await settle([deliveryOf(0, 9, 1, { computation: '/new.mjs' })], [failed(0, { blame: 'worker' })]);
    expect(settler.misfit).toContain('/new.mjs');
    expect(broker.settled.map(({ verb }) => verb)).toEqual(['retry']);
  });

  it('records equal stacks once, whatever the messages before them', async () => {
    const { broker, settle } = setUp({ MAX_RETRIES: '0' });
    const stackOf = (n: number): string => `Error: parameter ${n}\n    at compute (a.mjs:1)`;
    for (const n of [1, 2]) await settle([deliveryOf(n, n)], [failed(0, { stack: stackOf(n) })]);
    await settle([deliveryOf(3, 3)], [failed(0, { stack: 'Error\n    at other (b.mjs:2)' })]);
    const [first, second, third] = deaths(broker);
    expect(first?.stack).toBe('    at compute (a.mjs:1)');
    expect(second).toMatchObject({ stack: '', stackId: first?.stackId });
    expect(third?.stack).toBe('    at other (b.mjs:2)');
    expect(third?.stackId).not.toBe(first?.stackId);
  });

  it('keeps a message that has no encoding, or no end, short and well-formed', async () => {
    const { broker, settle } = setUp({ MAX_RETRIES: '0' });
    await settle([deliveryOf(1, 1)], [failed(0, { message: `\ud800${'x'.repeat(100_000)}` })]);
    const [death] = deaths(broker);
    expect(death?.error.message.length).toBeLessThan(3000);
    expect(Buffer.from(death?.error.message ?? '').toString()).toBe(death?.error.message);
  });

  it('drops a result whose lease is lost, with the reason that the broker gave', async () => {
    const { broker, settle, logged } = setUp();
    broker.answer = ({ delivery }) => (delivery.chunk.start === 0 ? new LeaseLost('consumer_timeout') : undefined);
    await settle([deliveryOf(0, 9), deliveryOf(10, 19)], [computed(0, 0, 9), computed(1, 10, 19)]);
    expect(logged()).toContain('consumer_timeout');
  });

  it('splits a chunk whose record the broker will never take, and dead-letters a single parameter', async () => {
    const { broker, settle } = setUp();
    broker.answer = ({ verb }) => (verb === 'complete' ? new Unrecordable('too large') : undefined);
    await settle([deliveryOf(0, 9), deliveryOf(30, 30)], [computed(0, 0, 9), computed(1, 30, 30)]);
    expect(broker.settled.slice(2)).toEqual([
      { verb: 'split', start: 0, end: 9 },
      { verb: 'dead-letter', start: 30, end: 30 },
    ]);
  });

  it('is fatal where the broker does not answer: the worker ends, and its leases lapse', async () => {
    const { broker, settler, leases } = setUp();
    broker.settle = () => Promise.reject(new Error('gave up: the grace period is over'));
    const batch = [deliveryOf(0, 9)];
    leases.hold(batch);
    settler.settle(await settler.sort(batch), [computed(0, 0, 9)]);
    await expect(settler.settled()).rejects.toThrow(NotSettled);
    await expect(settler.settled()).rejects.toThrow(/could not settle chunk 0-9 \(complete\): gave up/);
  });

  it('is fatal as a wrong set-up where the broker refuses a right: no restart helps', async () => {
    const { broker, settle } = setUp();
    broker.settle = () => Promise.reject(new ConfigError('no permission for XADD'));
    await expect(settle([deliveryOf(0, 9)], [computed(0, 0, 9)])).rejects.toThrow(ConfigError);
  });

  it('ends, instead of trying for ever, where the broker takes not even the death of a parameter', async () => {
    const { broker, settle } = setUp();
    broker.answer = ({ verb }) => (verb === 'split' ? undefined : new Unrecordable('too large'));
    await expect(settle([deliveryOf(30, 30)], [computed(0, 30, 30)])).rejects.toThrow(NotSettled);
    expect(broker.settled.map(({ verb }) => verb)).toEqual(['complete', 'dead-letter']);
  });

  it('splits a chunk that the broker takes neither as a result nor as a death', async () => {
    const { broker, settle } = setUp({ MAX_RETRIES: '0' });
    broker.answer = ({ verb }) => (verb === 'split' ? undefined : new Unrecordable('too large'));
    await settle([deliveryOf(0, 9)], [failed(0, { blame: 'computation' })]);
    expect(broker.settled.map(({ verb }) => verb)).toEqual(['dead-letter', 'split']);
  });

  it('records a stack with the next death where the first one was not recorded', async () => {
    const { broker, settle } = setUp({ MAX_RETRIES: '0' });
    broker.answer = ({ delivery }) => (delivery.chunk.start === 1 ? new LeaseLost('taken') : undefined);
    for (const n of [1, 2, 3]) await settle([deliveryOf(n, n)], [failed(0)]);
    expect(deaths(broker).map(({ stack }) => stack !== '')).toEqual([true, true, false]);
  });

  it('parks chunks of a run that is halted by failures, and discards those of a cancelled one', async () => {
    const { broker, settler, halts } = setUp();
    await broker.halt('over', 'failures');
    await broker.halt('gone', 'cancelled');
    await halts.refresh();
    const [going] = await settler.sort([
      deliveryOf(0, 9, 1, { runId: 'over' }),
      deliveryOf(0, 9, 1, { runId: 'gone' }),
      deliveryOf(0, 9, 1, { runId: 'run-1' }),
    ]);
    expect(going?.chunk.runId).toBe('run-1');
    expect(broker.settled.map(({ verb }) => verb)).toEqual(['park', 'discard']);
  });

  it('halts a run with the death that its budget does not allow any more, and only then', async () => {
    const { broker, settle, logged } = setUp({ MAX_RETRIES: '0' });
    broker.states.set('run-1', { maxDead: 1, dead: 0, halted: undefined });
    await settle([deliveryOf(1, 1)], [failed(0)]);
    expect(broker.states.get('run-1')).toMatchObject({ dead: 1, halted: undefined });
    await settle([deliveryOf(2, 2)], [failed(0)]);
    expect(broker.states.get('run-1')).toMatchObject({ dead: 2, halted: 'failures' });
    expect(logged()).toContain('run.maxDead');
  });

  it('halts it once, though several batches find it at the same time', async () => {
    const { broker, settler, leases } = setUp({ MAX_RETRIES: '0' });
    broker.states.set('run-1', { maxDead: 0, dead: 0, halted: undefined });
    let halted = 0;
    const halt = broker.halt.bind(broker);
    broker.halt = async (...args) => {
      halted++;
      await Promise.resolve();
      await halt(...args);
    };
    const batches = [1, 2, 3].map((n) => [deliveryOf(n, n)]);
    for (const batch of batches) {
      leases.hold(batch);
      settler.settle(await settler.sort(batch), [failed(0)]);
    }
    await settler.settled();
    expect(halted).toBe(1);
  });

  it('goes on where the budget cannot be looked at: the deaths are recorded, and the next one asks again', async () => {
    const { broker, settle, logged } = setUp({ MAX_RETRIES: '0' });
    broker.runStates = () => Promise.reject(new Error('ECONNRESET'));
    await settle([deliveryOf(1, 1)], [failed(0)]);
    expect(deaths(broker)).toHaveLength(1);
    expect(logged()).toContain('ECONNRESET');
  });
});
