/** The embedded broker as a process of its own, for tests, faults and the local demo: it can be killed and comes back. */
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PROGRAMS } from '../programs.js';
import type { LocalBroker, Options } from './local-broker.js';
import { guard } from './guard.js';
import { launch, type Program } from './native.js';
import { dial } from './ports.js';

const READY_WITHIN_MS = 30_000;

/** @returns ready: it takes connections */
export async function startCoordinatorProcess({
  log,
  persistDir,
}: Pick<Options, 'persistDir'> & { log: (line: string) => void }): Promise<LocalBroker> {
  const keep = persistDir !== undefined;
  const dir = keep ? resolve(persistDir) : mkdtempSync(join(tmpdir(), 'ttg-embedded-'));
  const data = join(dir, 'data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const socket = join(keep ? mkdtempSync(join(tmpdir(), 'ttg-embedded-')) : dir, 'socket');
  const stop = guard({ dir, keep, container: undefined });
  let running: Program | undefined;

  const start = async (): Promise<void> => {
    let ended: string | undefined;
    const program = (running = launch({ dir }, 'coordinator', process.execPath, [PROGRAMS.coordinator, data, socket], {
      PATH: process.env['PATH'],
      LOG_FORMAT: 'json',
    }));
    void program.gone.then((how) => (ended = how));
    const deadline = Date.now() + READY_WITHIN_MS;
    while ((await dial(socket)) !== 'open') {
      if (ended !== undefined || Date.now() > deadline)
        throw new Error(`the coordinator ${ended ?? 'does not answer'}; it printed:\n${printed()}`);
      await delay(20);
    }
  };
  const printed = (): string => readFileSync(join(dir, 'coordinator.log'), 'utf8').split('\n').slice(-40).join('\n');

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  log(`embedded: a coordinator listens on ${socket}`);
  const notHere = (): Promise<never> => Promise.reject(new Error('what is confirmed is on the disk: nothing to lose'));
  return {
    backend: 'embedded',
    provider: 'path',
    host: '',
    port: 0,
    socket,
    managementPort: 0,
    user: '',
    password: '',
    env: { QUEUE_MODE: 'true', QUEUE_BACKEND: 'embedded', EMBEDDED_SOCKET: socket },
    kill9: async () => {
      if (!running?.child.pid) throw new Error('embedded: kill9 before start');
      running.child.ref();
      running.child.kill('SIGKILL');
      await running.gone;
    },
    restart: start,
    logBytes: notHere,
    cutLog: notHere,
    tearLog: async () => {
      // A record with a checksum that is not its own, and no end.
      for (const name of readdirSync(data))
        if (name.endsWith('.journal')) appendFileSync(join(data, name), '00000000 c 1 {"kind":"result","run_');
    },
    stop,
  };
}
