/** A proxy to a port or a socket of this machine whose traffic can be stalled, cut, or stopped after so many bytes. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Proxy {
  /** of the kind that it was started with: a port, or the path of a socket */
  address: number | string;
  /** open ones */
  connections: () => number;
  /** bytes from clients to the broker so far */
  passed: () => number;
  stalled: () => boolean;
  /** nothing passes any more, either way; connections stay open and new ones are taken */
  stall: () => void;
  /** all that was held back passes */
  heal: () => void;
  /** so many bytes from clients, counted from the start */
  stallAfter: (bytes: number) => void;
  /** destroys every connection and accepts no more: to the broker, a worker that died */
  cut: () => void;
  close: () => Promise<void>;
}

/** @param target a port of 127.0.0.1, or the path of a socket */
export async function startProxy(target: number | string): Promise<Proxy> {
  /** what is held back for each socket */
  const waiting: Map<Socket, Buffer[]> = new Map();
  let passed = 0;
  let limit = Infinity;
  let isCut = false;
  let isStalled = false;

  const stall = () => {
    isStalled = true;
    for (const socket of waiting.keys()) socket.pause();
  };
  const server = createServer((client) => {
    const upstream = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      if (!socket || !other) continue;
      waiting.set(socket, []);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        waiting.delete(socket);
        other.destroy();
      });
      socket.on('end', () => other.end());
      socket.on('drain', () => void (isStalled || other.resume()));
      socket.on('data', (bytes) => {
        const room = socket === client ? Math.max(0, limit - passed) : Infinity;
        const now = isStalled ? bytes.subarray(0, 0) : bytes.subarray(0, Math.min(room, bytes.length));
        if (socket === client) passed += now.length;
        if (now.length < bytes.length) {
          waiting.get(other)?.push(bytes.subarray(now.length));
          if (!isStalled) stall();
        }
        if (now.length > 0 && !other.write(now)) socket.pause();
      });
      if (isStalled) socket.pause();
    }
    if (isCut) client.destroy();
  });
  const path = typeof target === 'string' ? join(await mkdtemp(join(tmpdir(), 'ttg-proxy-')), 'socket') : undefined;
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  const bound = server.address();
  const cut = () => {
    isCut = true;
    for (const socket of waiting.keys()) socket.destroy();
  };
  return {
    address: path ?? (typeof bound === 'object' && bound ? bound.port : 0),
    connections: () => waiting.size / 2,
    passed: () => passed,
    stalled: () => isStalled,
    stall,
    heal: () => {
      isStalled = false;
      limit = Infinity;
      for (const [socket, chunks] of waiting) for (const bytes of chunks.splice(0)) socket.write(bytes);
      for (const socket of waiting.keys()) socket.resume();
    },
    stallAfter: (bytes) => void (limit = bytes),
    cut,
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
      if (path !== undefined) await rm(dirname(path), { recursive: true, force: true });
    },
  };
}
