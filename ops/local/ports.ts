/** Ports of this machine: which are free, what answers on one, and a short talk with whatever it is. */
import { randomBytes } from 'node:crypto';
import { createServer, createConnection } from 'node:net';

/**
 * Below the range that the kernel gives to outgoing connections, so that none takes the port while the broker restarts.
 */
export async function freePorts(count: number) {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = 20_000 + (randomBytes(4).readUInt32LE() % 10_000);
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

export function talk(port: number, request: string, isWhole: (answer: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = createConnection({ host: '127.0.0.1', port, timeout: 2000 });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write(request, 'latin1'));
    socket.on('timeout', () => fail(new Error(`no answer within 2 s, so far ${JSON.stringify(answer)}`)));
    socket.on('error', fail);
    socket.on('close', () => fail(new Error(`connection closed after ${JSON.stringify(answer)}`)));
    socket.on('data', (text: string) => {
      answer += text;
      if (!isWhole(answer)) return;
      resolve(answer);
      socket.destroy();
    });
  });
}

/** @param where a port of this machine, or the path of a socket; @returns the error's code, or `open` */
export function dial(where: number | string): Promise<string> {
  const target = typeof where === 'number' ? { host: '127.0.0.1', port: where } : { path: where };
  return new Promise((resolve) => {
    const socket = createConnection(target, () => {
      socket.destroy();
      resolve('open');
    });
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  });
}
