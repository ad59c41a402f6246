import { describe, expect, it } from 'vitest';
import { heartbeatSeconds } from '../../core/broker/rabbitmq/dial.js';

describe('heartbeats of RabbitMQ', () => {
  it.each([
    [500, 1],
    [1000, 1],
    [2500, 1],
    [5000, 2],
    [7500, 3],
    [12_500, 5],
    [60_000, 5],
    [86_400_000, 5],
  ])('for a lease of %i ms: %i s', (lease, seconds) => {
    expect(heartbeatSeconds(lease)).toBe(seconds);
  });

  it('end a silent connection within the lease and 3 s, whatever the lease', () => {
    // Both ends notice after two to three intervals.
    for (let lease = 500; lease <= 120_000; lease += 100)
      expect(3 * heartbeatSeconds(lease) * 1000).toBeLessThanOrEqual(lease + 3000);
  });
});
