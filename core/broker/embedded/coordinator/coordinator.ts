/** The coordinator: owns a directory, and answers on a socket for all queue prefixes in it. */
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { makeFolder } from '../../../runtime/folders.js';
import type { Logger } from '../../../runtime/logger.js';
import { lockDirectory } from './lock.js';
import { Peer } from './peer.js';
import { socketPath } from './socket-path.js';
import { Space } from './space.js';

const SUFFIX = '.journal';

export interface CoordinatorOptions {
  /** Where the logs are: `<queue prefix>.journal`. Made if it is not there. */
  readonly dir: string;
  /** Where workers connect; `socket` in the directory if it is left out. A path too long is replaced by a short one. */
  readonly socket?: string;
  readonly log: Logger;
}

export interface Coordinator extends AsyncDisposable {
  readonly dir: string;
  /** For workers: EMBEDDED_SOCKET. */
  readonly socket: string;
  /** Resolves if a log cannot be written any more: nothing is recorded from then on, and the run cannot go on. */
  readonly failed: Promise<Error>;
}

/** @throws ConfigError where another coordinator has the directory, or a log in it is damaged */
export async function startCoordinator({ dir, socket, log }: CoordinatorOptions): Promise<Coordinator> {
  const home = resolve(dir);
  makeFolder(home, 0o700);
  const unlock = lockDirectory(home);
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => (fail = resolve));
  const spaces = new Spaces(home, log, fail);
  const address = socketPath(socket ?? join(home, 'socket'));
  const peers = new Set<Peer>();
  const take = (connection: Socket): void => {
    const peer = new Peer(
      connection,
      (prefix) => spaces.open(prefix),
      (space) => spaces.remove(space),
      log,
    );
    peers.add(peer);
    connection.on('close', () => peers.delete(peer));
  };
  const server = createServer(take);
  const close = async (): Promise<void> => {
    server.close();
    for (const peer of peers) peer.end();
    await spaces.close();
    address.remove();
    unlock();
  };
  try {
    // What is damaged is told now and not to the first worker.
    for (const name of readdirSync(home)) if (name.endsWith(SUFFIX)) await spaces.open(name.slice(0, -SUFFIX.length));
    await listen(server, address.path);
  } catch (error) {
    await close();
    throw error;
  }
  log.debug({ dir: home, socket: address.path }, 'coordinator listens');
  return { dir: home, socket: address.path, failed, [Symbol.asyncDispose]: close };
}

async function listen(server: Server, path: string): Promise<void> {
  // That of a process that was killed: the directory is ours.
  rmSync(path, { force: true });
  server.listen(path);
  await once(server, 'listening');
  chmodSync(path, 0o600);
}

/** What the prefixes name, opened once each. */
class Spaces {
  readonly #dir: string;
  readonly #log: Logger;
  readonly #failed: (error: Error) => void;
  readonly #open = new Map<string, Promise<Space>>();

  constructor(dir: string, log: Logger, failed: (error: Error) => void) {
    this.#dir = dir;
    this.#log = log;
    this.#failed = failed;
  }

  open(prefix: string): Promise<Space> {
    let space = this.#open.get(prefix);
    if (!space) {
      this.#open.set(prefix, (space = Space.open(this.#dir, prefix, this.#log, this.#failed)));
      space.catch(() => this.#open.delete(prefix));
    }
    return space;
  }

  async remove(space: Space): Promise<void> {
    for (const [prefix, open] of this.#open) if ((await open) === space) this.#open.delete(prefix);
    await space.remove();
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#open.values()].map(async (space) => (await space).close()));
  }
}
