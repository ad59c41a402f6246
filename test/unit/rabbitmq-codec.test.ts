import type { Message } from 'amqplib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attemptHeaders,
  attemptOf,
  deathHeaders,
  failureOf,
  fromBody,
  shortened,
  toBody,
} from '../../core/broker/rabbitmq/codec.js';
import { ChunkError } from '../../core/runtime/errors.js';

function message(headers: unknown): Message {
  return { content: Buffer.alloc(0), fields: {}, properties: { headers } } as unknown as Message;
}

describe('what a task message of RabbitMQ carries outside its body', () => {
  it('counts executions before this copy and returns of this copy', () => {
    expect(attemptOf(message({}))).toBe(1);
    expect(attemptOf(message(undefined))).toBe(1);
    expect(attemptOf(message(attemptHeaders(2)))).toBe(3);
    expect(attemptOf(message({ ...attemptHeaders(2), 'x-delivery-count': 3 }))).toBe(6);
  });

  it('takes whatever else a header holds for nothing', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (attempts, count) => {
        const attempt = attemptOf(message({ 'x-ttg-attempts': attempts, 'x-delivery-count': count }));
        expect(Number.isInteger(attempt)).toBe(true);
        expect(attempt).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it('says of a dead letter why it died', () => {
    const error = new ChunkError('boom', { retryable: false });
    const death = { error, workerId: 'w1', attempts: 3, stackId: 'abc', stack: 'boom\n at x' };
    expect(failureOf(message(deathHeaders(death, '2025-01-01T00:00:00.000Z')))).toEqual({
      error: 'boom',
      stackId: 'abc',
      stack: 'boom\n at x',
      workerId: 'w1',
      failedAt: '2025-01-01T00:00:00.000Z',
      attempts: 3,
    });
    expect(failureOf(message({ 'x-first-death-reason': 'delivery_limit' })).error).toContain('delivery_limit');
    expect(failureOf(message({ 'x-ttg-error': { a: 1 }, 'x-ttg-stack': [1], 'x-ttg-attempts': 'x' }))).toEqual({
      error: '',
      stackId: '',
      stack: '',
      workerId: '',
      failedAt: '',
      attempts: 0,
    });
  });

  it('keeps two texts of any characters within the 64 KiB that all headers may take', () => {
    for (const character of ['x', '€', '\u{1f9ee}']) {
      const bytes = Buffer.byteLength(shortened(character.repeat(100_000)));
      expect(2 * bytes).toBeLessThan(60_000);
    }
  });

  it('gives back what it made a body of', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (wire) => {
        expect(fromBody(toBody(wire))).toEqual(JSON.parse(JSON.stringify(wire)));
      }),
    );
  });
});
