import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Broker, Delivery } from '../../core/broker/port.js';
import { loadConfig } from '../../core/runtime/config.js';
import type { Chunk } from '../../core/model/chunk.js';
import type { Result } from '../../core/wire/records.js';
import { faultPoint } from '../../worker/fault-point.js';

const silent = pino({ level: 'silent' });
const result = {} as Result;

/** An adapter of one chunk: says what happens in which order. */
function play(env: Record<string, string>, chunkId: string, attempt = 1) {
  const events: string[] = [];
  const fault = faultPoint(loadConfig(env), silent, () => events.push('died'));
  const chunk: Chunk = {
    runId: 'run-1',
    chunkId,
    start: 0,
    end: 9,
    computation: 'builtin',
    keepValues: false,
    piece: false,
    createdAt: '',
  };
  class OneChunk {
    readonly #private = 'kept';
    async receive(): Promise<Delivery[]> {
      events.push('received');
      return [{ chunk, attempt }];
    }
    async settle(): Promise<undefined[]> {
      events.push('recorded');
      fault.hooks.recorded?.(chunk);
      events.push('acknowledged');
      return [undefined];
    }
    async depth(): Promise<string> {
      return this.#private;
    }
  }
  const broker = fault.wrap(new OneChunk() as unknown as Broker);
  const run = async (): Promise<string[]> => {
    const [delivery] = await broker.receive({ max: 1, waitMs: 0, signal: new AbortController().signal });
    events.push('computed');
    if (delivery) await broker.settle([{ delivery, verb: 'complete', result }]);
    return events;
  };
  return { run, broker };
}

const at = (point: string) => ({ TTG_FAULT_POINT: point, TTG_FAULT_CHUNK: '00007' });

describe('the fault point', () => {
  it.each([
    ['before-compute', ['received', 'died', 'computed', 'recorded', 'acknowledged']],
    ['before-record', ['received', 'computed', 'died', 'recorded', 'acknowledged']],
    ['before-ack', ['received', 'computed', 'recorded', 'died', 'acknowledged']],
  ])('%s strikes there, once', async (point, events) => {
    expect(await play(at(point), '00007').run()).toEqual(events);
  });

  it.each(['before-compute', 'before-record', 'before-ack'])(
    '%s spares other chunks and later attempts',
    async (point) => {
      expect(await play(at(point), '00008').run()).not.toContain('died');
      expect(await play(at(point), '00007', 2).run()).not.toContain('died');
    },
  );

  it('is off unless both variables are set', async () => {
    expect(await play({}, '00007').run()).not.toContain('died');
    expect(await play({ TTG_FAULT_POINT: 'before-compute' }, '00007').run()).not.toContain('died');
    expect(await play({ TTG_FAULT_CHUNK: '00007' }, '00007').run()).not.toContain('died');
  });

  it('leaves everything else to the adapter, private state included', async () => {
    expect(await play(at('before-ack'), '00007').broker.depth()).toBe('kept');
  });

  it('refuses a point that there is not', () => {
    expect(() => loadConfig({ TTG_FAULT_POINT: 'after-lunch' })).toThrow(/TTG_FAULT_POINT/);
  });
});
