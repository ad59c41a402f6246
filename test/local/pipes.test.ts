/** Readers that are slow or hang, and statistics that come late, with real brokers behind. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as connectTo, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, it } from 'vitest';
import { fleetEnv, runFleet, ttg } from '../support/fleet.js';
import { HANGING_READER, LATE_READER, runPiped } from '../support/pipe.js';

const entry = (program: string): string => fileURLToPath(new URL(`../../dist/${program}/main.js`, import.meta.url));

it('a worker whose log nobody reads computes its chunks, keeps its leases and leaves', async () => {
  const chunks = 3000;
  const env = fleetEnv(inject('redis'), {
    QUEUE_PREFIX: 'hung-reader',
    TOTAL_PARAMETERS: String(chunks),
    CHUNK_SIZE: '1',
    // A line a chunk: many times what a pipe holds.
    LOG_LEVEL: 'DEBUG',
    STALE_THRESHOLD_MS: '2000',
    RETRY_DELAY_MS: '200',
    IDLE_TIMEOUT_SECONDS: '1',
  });
  expect((await runPiped([entry('seeder')], 'cat >/dev/null', { ...env, POD_NAME: 'seeder' })).status).toBe(0);
  const worker = await runPiped([entry('worker')], HANGING_READER, { ...env, POD_NAME: 'worker-1' });
  expect(worker).toMatchObject({ status: 0, stderr: '' });
  const { status, stdout } = await ttg({ ...env, LOG_LEVEL: 'ERROR' }, 'verify', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ parameters: { ok: chunks }, deduplicated: 0, recovered: 0 });
  expect(status).toBe(0);
});

it('dlq list and show are whole behind a slow reader', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ttg-pipes-'));
  try {
    const computation = join(directory, 'typo.mjs');
    writeFileSync(computation, `export const compute = (i) => { if (i > 0) throw new Error('typo ' + i); return i; };`);
    const dead = 700;
    const env = fleetEnv(inject('redis'), {
      QUEUE_PREFIX: 'slow-reader',
      COMPUTATION: computation,
      TOTAL_PARAMETERS: String(dead + 1),
      MAX_DEAD: '100%',
      CHUNK_SIZE: '1',
      MAX_RETRIES: '0',
    });
    {
      await using run = await runFleet({ workers: 1, deadlineMs: 60_000, env });
      expect(run.ledger.dead().count).toBe(dead);
    }
    const list = await runPiped([entry('cli'), 'dlq', 'list', '--json'], LATE_READER, env);
    expect(list.read.length).toBeGreaterThan(1 << 17);
    expect(
      list.read
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toHaveLength(dead);
    expect(list).toMatchObject({ status: 0, stderr: '' });
    const show = await runPiped([entry('cli'), 'dlq', 'show', '--all', '--run-id', 'run-1'], LATE_READER, env);
    expect(JSON.parse(show.read)).toHaveLength(dead);
    const others = await ttg(env, 'dlq', 'replay', '--all', '--run-id', 'run-2');
    expect(others).toMatchObject({ status: 0, stdout: '0 replayed\n' });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('status waits for a management API that does not answer yet', async () => {
  const broker = inject('rabbitmq');
  await using late = await refusing(5, Number(broker.managementPort));
  const env = fleetEnv(broker, {
    QUEUE_PREFIX: 'late',
    TOTAL_PARAMETERS: '10',
    RABBITMQ_MANAGEMENT_PORT: String(late.port),
  });
  expect(
    (
      await runPiped(
        [entry('seeder')],
        'cat >/dev/null',
        fleetEnv(broker, { QUEUE_PREFIX: 'late', TOTAL_PARAMETERS: '10' }),
      )
    ).status,
  ).toBe(0);
  const { status, stdout, stderr } = await ttg(env, 'status', '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ total: 10, done: 0, depth: { ready: 1, leased: 0 } });
  expect(late.refused()).toBe(5);
});

/** A port that breaks off its first connections, and then leads to another one. */
async function refusing(
  first: number,
  target: number,
): Promise<{ port: number; refused: () => number } & AsyncDisposable> {
  let refused = 0;
  const server: Server = createServer((client) => {
    client.on('error', () => {});
    if (refused < first) {
      refused++;
      client.destroy();
      return;
    }
    const upstream = connectTo(target, '127.0.0.1').on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    refused: () => refused,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}
