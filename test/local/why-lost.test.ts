/** `ttg why` of a broker that goes away after it has answered: at whatever moment, that is the answer, and soon. */
import { expect, it } from 'vitest';
import type { Answer } from '../../cli/diagnose/explain.js';
import { type Backend } from '../../ops/local/config.js';
import { startProxy } from '../../ops/local/proxy.js';
import { fleetEnv, runFleet, ttg } from '../support/fleet.js';
import { startTestBroker } from '../support/provider.js';
import { eventually, within } from '../support/wait.js';

/** No signal, no statistics and no answer is waited for as long as this. */
const SOON_MS = 30_000;
/** From connecting to the first look: somewhere among these the broker answered for the last time. */
const BYTES: Readonly<Record<Backend, readonly number[]>> = { redis: [100, 400, 3000], rabbitmq: [600, 1500, 8000] };

it.concurrent.each<Backend>(['redis', 'rabbitmq'])(
  'over %s: names it, whether the line is cut or falls silent, while it connects, reads or watches',
  async (backend) => {
    const broker = await startTestBroker(backend);
    try {
      const env = fleetEnv(broker, { TOTAL_PARAMETERS: '100', CHUNK_SIZE: '10' });
      await using _seeded = await runFleet({
        env,
        workers: 0,
        deadlineMs: 30_000,
        finished: (live) => live.seeded.length > 0,
      });
      const losses = BYTES[backend].flatMap((bytes) => [
        { bytes, how: 'cut' as const },
        { bytes, how: 'stall' as const },
      ]);
      await Promise.all(
        losses.map(async ({ bytes, how }) => {
          const proxy = await startProxy(broker.port);
          try {
            const port = String(proxy.port);
            const asked = ttg({ ...env, REDIS_PORT: port, RABBITMQ_PORT: port }, 'why', '--json', '--seconds', '600');
            proxy.stallAfter(bytes);
            await eventually(() => proxy.stalled(), SOON_MS, `${bytes} bytes to the broker`);
            if (how === 'cut') proxy.cut();
            const { status, stdout, stderr } = await within(asked, SOON_MS, `an answer after ${how} at ${bytes} bytes`);
            expect(stdout, stderr).toMatch(/^\{/);
            const answer = JSON.parse(stdout) as Answer;
            console.log(`${backend}, ${how} after ${bytes} bytes: ${answer.sentence}`);
            expect({ status, ...answer }, how).toMatchObject({ status: 1, state: 'stuck', cause: 'broker-down' });
            expect(answer.sentence).toContain(`the broker is down: 127.0.0.1:${port} does not answer`);
          } finally {
            await proxy.close();
          }
        }),
      );
    } finally {
      await broker.stop();
    }
  },
);
