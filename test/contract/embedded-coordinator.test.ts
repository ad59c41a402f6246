/** What only the embedded broker has: a directory that one coordinator owns, its log, and its socket. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../core/broker/connect.js';
import { startCoordinator, type Coordinator } from '../../core/broker/embedded/coordinator/coordinator.js';
import { readLogFile } from '../../core/broker/embedded/log-file.js';
import type { Chunk } from '../../core/model/chunk.js';
import { splitChunk } from '../../core/model/split.js';
import { loadConfig } from '../../core/runtime/config.js';
import { ChunkError, ConfigError } from '../../core/runtime/errors.js';
import type { LogEntry } from '../../core/wire/records.js';
import { checkCapacity } from '../../seeder/capacity.js';
import {
  chunks,
  never,
  planRecord,
  publish,
  readDeadLetters,
  readLog,
  readRecords,
  receive,
  receiveOne,
  resultOf,
} from '../support/bench.js';
import { within } from '../support/wait.js';
import { append, asWorker, seeding, type Worker } from '../support/worker.js';

let dir: string;
let told: { msg: string; bytes?: number }[];
let open: AsyncDisposable[];
const log = pino({ level: 'warn' }, { write: (line: string) => void told.push(JSON.parse(line) as (typeof told)[0]) });

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ttg-dir-'));
  told = [];
  open = [];
});
afterEach(async () => {
  for (const each of open.toReversed()) await each[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

async function start(where = dir): Promise<Coordinator> {
  const coordinator = await startCoordinator({ dir: where, log });
  open.push(coordinator);
  return coordinator;
}

async function worker(socket: string, name = 'w1', env: Record<string, string> = {}): Promise<Worker> {
  const config = loadConfig({
    QUEUE_MODE: 'true',
    QUEUE_BACKEND: 'embedded',
    EMBEDDED_SOCKET: socket,
    POD_NAME: name,
    RETRY_DELAY_MS: '0',
    CONNECT_TIMEOUT_SECONDS: '5',
    ...env,
  });
  const broker = asWorker(await connect(config, log, never));
  open.push(broker);
  return broker;
}

const cursed = new ChunkError('cursed', { retryable: false });

describe('a directory', () => {
  it('has one coordinator at a time, and the next one after it', async () => {
    const first = await start();
    await expect(startCoordinator({ dir, log })).rejects.toThrow(ConfigError);
    await expect(startCoordinator({ dir, log })).rejects.toThrow(`in use by process ${process.pid}`);
    await publish(await worker(first.socket), 1);
    await first[Symbol.asyncDispose]();
    const next = await start();
    expect((await receiveOne(await worker(next.socket))).chunk).toEqual(chunks(1)[0]);
  });

  it('is taken over from a process that is dead, and not from one of another machine', async () => {
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    await writeFile(join(dir, 'lock'), JSON.stringify({ pid: gone.pid, host: hostname(), started: 'then' }));
    await (await start())[Symbol.asyncDispose]();
    // The same number, another process.
    await writeFile(join(dir, 'lock'), JSON.stringify({ pid: process.pid, host: hostname(), started: 'then' }));
    if (process.platform === 'linux') await (await start())[Symbol.asyncDispose]();
    await writeFile(join(dir, 'lock'), JSON.stringify({ pid: 1, host: 'elsewhere', started: '' }));
    await expect(start()).rejects.toThrow(/process 1 on elsewhere.*delete .*lock/);
  });

  it('and all in it is for its owner alone; a path too long for a socket gets a short one', async () => {
    const deep = join(dir, 'd'.repeat(60), 'e'.repeat(60));
    const coordinator = await start(deep);
    expect(Buffer.byteLength(coordinator.socket)).toBeLessThanOrEqual(107);
    await publish(await worker(coordinator.socket), 1);
    for (const path of [deep, join(deep, 'ttg.journal'), join(deep, 'lock'), coordinator.socket])
      expect((await stat(path)).mode & 0o077, path).toBe(0);
    await coordinator[Symbol.asyncDispose]();
    expect(await readdir(deep)).toEqual(['ttg.journal']);
    await expect(stat(coordinator.socket)).rejects.toThrow('ENOENT');
  });

  it.runIf(process.platform === 'linux')('that is memory is a concern, and one on a disk is none', async () => {
    expect(await (await worker((await start()).socket)).concerns()).toEqual([]);
    const memory = await mkdtemp('/dev/shm/ttg-');
    try {
      const coordinator = await start(memory);
      expect(await (await worker(coordinator.socket)).concerns()).toMatchObject([
        { fatal: false, message: expect.stringMatching(/memory and no disk/) as string },
      ]);
      await coordinator[Symbol.asyncDispose]();
    } finally {
      await rm(memory, { recursive: true });
    }
  });

  it('whose disk has too little space for a run is told before anything is published', async () => {
    const capacity = await (await worker((await start()).socket)).capacity();
    expect(capacity.diskLimit).toBeGreaterThan(0);
    const need = { volumeBytes: undefined, queued: 0, recorded: 0, valuesPerChunk: 0, deadByNow: 0, deadToCome: 0 };
    const refused = () => checkCapacity(1000, { ...capacity, diskLimit: 100_000 }, need);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(/disk of the log/);
    checkCapacity(1000, capacity, need);
  });
});

describe('a file in it that is no log', () => {
  it('is refused and not changed, where it has the name of one', async () => {
    await writeFile(join(dir, 'notes.log'), 'not ours at all\n');
    await (await start())[Symbol.asyncDispose]();
    const text = 'a journal of somebody, in which a day has a line\nand another\n';
    await writeFile(join(dir, 'diary.journal'), text);
    await expect(start()).rejects.toThrow(/diary\.journal is no log.*move it away/);
    expect(await readFile(join(dir, 'diary.journal'), 'utf8')).toBe(text);
  });
});

describe('a socket', () => {
  it('that somebody else listens on, or whose path is too long, is refused at once', async () => {
    const path = join(dir, 'socket');
    const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(path);
    await once(other, 'listening');
    await expect(within(worker(path), 3000, 'refusing')).rejects.toThrow(ConfigError);
    other.close();
    const tooLong = join(dir, 'x'.repeat(200));
    await expect(within(worker(tooLong), 3000, 'refusing')).rejects.toThrow(/may have 10[37]: .*EMBEDDED_SOCKET/);
  });

  it('that nobody listens on any more ends a worker that waits within seconds, with the path', async () => {
    const coordinator = await start();
    const waiting = (await worker(coordinator.socket)).receive({ max: 1, waitMs: 60_000, signal: never });
    const ended = expect(within(waiting, 20_000, 'the end of the wait')).rejects.toThrow(coordinator.socket);
    await coordinator[Symbol.asyncDispose]();
    await ended;
  });
});

describe('a coordinator that stood still', () => {
  it('ends no lease for heartbeats that it could not hear', async () => {
    const { socket } = await start();
    const holder = await worker(socket, 'holder', { STALE_THRESHOLD_MS: '600' });
    const other = await worker(socket, 'other');
    await publish(holder, 1);
    const delivery = await receiveOne(holder);
    // It runs in this process: nothing of it goes on meanwhile, as in a process that is stopped.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    await delivery.extendLease();
    expect(await other.receive({ max: 1, waitMs: 100, signal: never })).toEqual([]);
    await delivery.complete(resultOf(delivery.chunk));
  });
});

describe('a start on a log', () => {
  /** As after kill -9 of the coordinator: what was leased then stays leased in the log. */
  async function restarted(before: (broker: Worker) => Promise<unknown>, torn = ''): Promise<Worker> {
    const first = await start();
    const broker = await worker(first.socket);
    await before(broker);
    await first[Symbol.asyncDispose]();
    if (torn) await appendFile(join(dir, 'ttg.journal'), torn);
    return worker((await start()).socket, 'w2');
  }

  it('has the queue as it was: what was never started, what was, pieces, and what is parked', async () => {
    const all = chunks(6);
    let pieces: Chunk[] = [];
    const broker = await restarted(async (before) => {
      await publish(before, 6);
      const [done, split, parked, part, leased] = await receive(before, 5);
      await done!.complete(resultOf(done!.chunk));
      pieces = splitChunk(split!.chunk, 4);
      await split!.split(pieces);
      const rest = { ...part!.chunk, start: part!.chunk.start + 4, chunkId: 'rest', piece: true };
      pieces.push(rest);
      await part!.complete(resultOf({ ...part!.chunk, end: part!.chunk.start + 3 }), [rest]);
      await before.halt('run-1', 'failures');
      await parked!.park();
      expect(leased!.attempt).toBe(1);
    });
    expect(await broker.depth()).toMatchObject({ ready: pieces.length + 2, leased: 0, parked: 1 });
    const [again] = await broker.receive({ max: 10, waitMs: 0, signal: never });
    expect(again).toMatchObject({ chunk: all[4], attempt: 2 });
    expect(await broker.resume('run-1')).toBe(1);
    const rest = await receive(broker, pieces.length + 2);
    expect(rest.map(({ attempt }) => attempt)).toEqual(rest.map(() => 1));
    expect(rest.map(({ chunk }) => chunk)).toEqual([all[5], ...pieces, all[2]]);
    expect((await readRecords(broker)).map(({ kind }) => kind)).toEqual(['result', 'result', 'halted', 'resumed']);
  });

  it('has dead letters, budgets and halts as they were', async () => {
    const broker = await restarted(async (before) => {
      await append(before, { ...planRecord(), maxDead: 7 });
      await publish(before, 4);
      for (const delivery of await receive(before, 3)) await delivery.deadLetter(cursed, 'w1');
      const [first, second] = await readDeadLetters(before);
      await before.replay([first!.id]);
      await before.drop([second!.id]);
      await before.halt('run-1', 'cancelled');
    });
    expect((await broker.runStates()).get('run-1')).toEqual({ maxDead: 7, dead: 20, halted: 'cancelled' });
    expect(await readDeadLetters(broker)).toMatchObject([{ chunk: chunks(3)[2], error: 'cursed', workerId: 'w1' }]);
    expect(await broker.depth()).toMatchObject({ ready: 2, dead: 1 });
  });

  it('counts the attempts of a chunk that kills its worker, whatever dies meanwhile', async () => {
    const broker = await restarted(async (before) => {
      await publish(before, 1);
      await (await receiveOne(before)).retry(cursed);
      await (await receiveOne(before)).release();
      expect((await receiveOne(before)).attempt).toBe(2);
    });
    expect((await receiveOne(broker)).attempt).toBe(3);
  });

  it('cuts off a torn end, and says so', async () => {
    const broker = await restarted((before) => publish(before, 3), '1234abcd c 1 1 {"kind":"resu');
    expect(told.filter(({ bytes }) => bytes)).toMatchObject([
      { msg: expect.stringMatching(/torn/) as string, bytes: 28 },
    ]);
    expect((await receive(broker, 3)).map(({ chunk }) => chunk)).toEqual(chunks(3));
  });

  it('is not needed to read its records', async () => {
    const coordinator = await start();
    const broker = await worker(coordinator.socket);
    await append(broker, planRecord());
    await publish(broker, 2);
    for (const delivery of await receive(broker, 2)) await delivery.complete(resultOf(delivery.chunk));
    const records = await readLog(broker);
    await coordinator[Symbol.asyncDispose]();
    await appendFile(join(dir, 'ttg.journal'), 'torn');
    const read: LogEntry[] = [];
    for await (const entry of readLogFile(join(dir, 'ttg.journal'))) read.push(entry);
    expect(read).toEqual(records);
    expect(records).toHaveLength(3);
  });

  it('knows a seeder that publishes on, and what it has published', async () => {
    const first = await start();
    const seeder = await worker(first.socket, 'seeder');
    await seeding(seeder, async (held) => {
      for await (const chunk of held.queued() ?? []) expect(chunk).toBeUndefined();
      expect(await held.publish(chunks(3))).toBe(3);
      await first[Symbol.asyncDispose]();
      const next = await start();
      expect(next.socket).toBe(first.socket);
      expect(await held.publish(chunks(5).slice(3))).toBe(2);
      const ids: string[] = [];
      for await (const { chunkId } of held.queued() ?? []) ids.push(chunkId);
      expect(ids).toEqual(chunks(5).map(({ chunkId }) => chunkId));
    });
  });
});
