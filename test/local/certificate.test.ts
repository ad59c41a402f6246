/**
 * A certificate against the live log of a real broker: whatever is done to the log is found, and the parameters named.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { loadConfig } from '../../core/runtime/config.js';
import { connect } from '../../core/broker/connect.js';
import type { LogRecord } from '../../core/wire/records.js';
import { encodeRecord } from '../../core/wire/record-codec.js';
import type { Backend } from '../../ops/local/config.js';
import { fleetEnv, runFleet, ttg } from '../support/fleet.js';
import { openRaw } from '../../ops/run/raw-broker.js';

interface Recorded {
  readonly position: string;
  readonly record: LogRecord;
}

const isResult =
  (start: number) =>
  ({ record }: Recorded): boolean =>
    record.kind === 'result' && record.start === start;
/** Another last digit. */
const flipped = (digest: string): string => digest.slice(0, -1) + (digest.endsWith('0') ? '1' : '0');
const flip = (record: LogRecord): LogRecord =>
  record.kind === 'result' ? { ...record, digest: flipped(record.digest) } : record;

describe.each<Backend>(['redis', 'rabbitmq', 'embedded'])('over %s', (backend) => {
  const broker = inject(backend);
  let directory: string;
  let file: string;
  let log: Recorded[];
  let copies = 0;
  const env = (prefix: string): Record<string, string> =>
    fleetEnv(broker, { QUEUE_PREFIX: prefix, TOTAL_PARAMETERS: '1000', CHUNK_SIZE: '10' });

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'ttg-certificate-'));
    file = join(directory, 'run.json');
    await using run = await runFleet({ workers: 2, deadlineMs: 60_000, env: env('whole') });
    log = [];
    for await (const entry of run.broker.records()) if ('record' in entry) log.push(entry);
    const faults = join(directory, 'faults.json');
    writeFileSync(faults, JSON.stringify([{ name: 'none', seconds: 1.5 }]));
    expect((await ttg(env('whole'), 'verify', '--certificate', file, '--faults', faults)).status).toBe(0);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  /** A further log with these records, and what checking the certificate against it says. */
  async function checkCopy(records: readonly Recorded[]): Promise<Awaited<ReturnType<typeof ttg>>> {
    const prefix = `copy-${++copies}`;
    await using prepared = await connect(
      loadConfig({ ...env(prefix), POD_NAME: 'copier' }),
      pino({ level: 'silent' }),
      new AbortController().signal,
    );
    await prepared.prepare();
    await using raw = await openRaw(broker, prefix);
    for (const { record } of records) await raw.putWire(encodeRecord(record));
    return ttg(env(prefix), 'verify', '--check', file);
  }

  it('is written with all that it must say', () => {
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      outcome: 'complete',
      backend,
      injected: [{ name: 'none', seconds: 1.5 }],
      plan: { runId: 'run-1', totalParameters: 1000, chunkSize: 10 },
      parameters: {
        attempted: 1000,
        acknowledged: 1000,
        ok: 1000,
        dead: 0,
        missing: 0,
        lost: 0,
        duplicated: 0,
        conflicting: 0,
      },
      aggregate: { sum: '500035.5', min: 0.41, max: 999.98 },
    });
  });

  it('is kept by the log that it was made of, and by a copy in another order', async () => {
    expect(await ttg(env('whole'), 'verify', '--check', file)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('INTACT') as string,
    });
    expect(
      await checkCopy([
        ...log.filter(({ record }) => record.kind !== 'result'),
        ...log.filter(({ record }) => record.kind === 'result').reverse(),
      ]),
    ).toMatchObject({ status: 0 });
  });

  it.each<[what: string, change: (whole: readonly Recorded[]) => readonly Recorded[], named: RegExp]>([
    [
      'without a record',
      (whole) => whole.filter((each) => !isResult(420)(each)),
      /parameters 420–429: 0 results, certified were 10/,
    ],
    [
      'with a byte of a digest flipped',
      (whole) => whole.map((each) => (isResult(420)(each) ? { ...each, record: flip(each.record) } : each)),
      /parameters 420–429: the results are others/,
    ],
    [
      'with a second, unequal record',
      (whole) => [...whole, ...whole.filter(isResult(420)).map((each) => ({ ...each, record: flip(each.record) }))],
      /parameters 420–429: the log holds unequal results/,
    ],
    ['cut off in the middle', (whole) => whole.slice(0, 50), /parameters \d+–\d+: 0 results, certified were 10/],
    ['cut off at its start', (whole) => whole.slice(-50), /parameters 0–999: the log holds no plan/],
  ])('is not kept by a log %s', async (_, change, named) => {
    const { status, stdout, stderr } = await checkCopy(change(log));
    expect(stdout, stderr).toMatch(named);
    expect(stdout).toContain('DIFFERENT');
    expect(status).toBe(1);
  });

  it('is not kept by its own log once that is tampered with', async () => {
    const { record, position } = log.find(isResult(420)) as Recorded;
    await using raw = await openRaw(broker, 'whole');
    if (backend === 'redis') {
      await raw.deleteRecord(position);
      expect(await ttg(env('whole'), 'verify', '--check', file)).toMatchObject({
        status: 1,
        stdout: expect.stringContaining('parameters 420–429: 0 results') as string,
      });
      await raw.putWire(encodeRecord(record));
      expect(await ttg(env('whole'), 'verify', '--check', file), 'mended').toMatchObject({ status: 0 });
    }
    await raw.putRecord(Buffer.from('no record'));
    expect(await ttg(env('whole'), 'verify', '--check', file)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('1 more records cannot be decoded') as string,
    });
    await raw.putWire(encodeRecord(flip(record)));
    expect(await ttg(env('whole'), 'verify', '--check', file)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('parameters 420–429: the log holds unequal results') as string,
    });
  });
});
