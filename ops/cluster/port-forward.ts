/** A local port that leads to a pod: for programs on this machine that talk to a broker in the cluster. */
import { type V1Pod, type KubeConfig, PortForward } from '@kubernetes/client-node';
import { createServer, type Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { isReady, listPods, type Kube } from './kube.js';

export interface Forward {
  /** on 127.0.0.1 */
  localPort: number;
  /** why the last connection failed, or '' */
  lastError: () => string;
  /** ends the connections too */
  close: () => Promise<void>;
}

export interface Target {
  namespace: string;
  pod: string;
  port: number;
}

/**
 * Picks a ready pod anew for every connection, so that it goes on working when the pod is replaced.
 * @param options port: its number, or its name in the pod
 */
export function forwardService({
  kube,
  namespace,
  selector,
  port,
  localPort,
}: {
  kube: Kube;
  namespace: string;
  selector: string;
  port: number | string;
  localPort?: number;
}): Promise<Forward> {
  return listen(
    kube.config,
    async () => {
      const pods = await listPods(kube, namespace, selector);
      const pod = pods.find(isReady) ?? pods.find((p) => p.status?.phase === 'Running');
      if (!pod?.metadata?.name)
        throw new Error(`no running pod in ${namespace} has ${selector} (${pods.length} have the labels)`);
      return { namespace, pod: pod.metadata.name, port: portNumber(pod, port) };
    },
    localPort,
  );
}

function portNumber(pod: V1Pod, port: number | string) {
  if (typeof port === 'number') return port;
  const named = pod.spec?.containers.flatMap((c) => c.ports ?? []).find((p) => p.name === port);
  if (!named) throw new Error(`pod ${pod.metadata?.name} has no port named ${port}`);
  return named.containerPort;
}

/** @param localPort 0 or left out: any free port */
async function listen(kubeConfig: KubeConfig, target: () => Promise<Target>, localPort: number = 0): Promise<Forward> {
  const sockets: Set<Socket> = new Set();
  let lastError = '';
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    const fail = (thrown: unknown) => {
      lastError = describe(thrown);
      socket.destroy();
    };
    socket.on('error', fail);
    target()
      .then((to) => connectPod(kubeConfig, to, socket, fail))
      .catch(fail);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(localPort, '127.0.0.1', () => resolve(undefined));
  });
  server.on('error', (error) => void (lastError = error.message));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('port-forward: the server has no port');
  return {
    localPort: address.port,
    lastError: () => lastError,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

interface ForwardSocket {
  on(event: 'close' | 'error', listener: (error: unknown) => void): void;
  close(): void;
}

async function connectPod(kubeConfig: KubeConfig, to: Target, socket: Socket, fail: (error: unknown) => void) {
  const forwarder = new PortForward(kubeConfig);
  // client-node 1.4 answers a close message by ending its handler's streams, which by default are this process's own
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  Object.assign(Reflect.get(forwarder, 'handler') as object, { streams });
  const errors = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (chunk.length > 0) fail(new Error(`${to.pod}:${to.port}: ${String(chunk).trim()}`));
      done();
    },
  });
  // what arrives for a socket that is gone is nobody's
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (socket.writable) socket.write(chunk);
      done();
    },
  });
  // The client's types name a package without types of its own; what it gives is a WebSocket of `ws`.
  const opened = (await forwarder.portForward(to.namespace, to.pod, [to.port], output, errors, socket)) as
    ForwardSocket | (() => ForwardSocket | null);
  const ws = typeof opened === 'function' ? opened() : opened;
  if (!ws) throw new Error(`${to.pod}:${to.port}: no connection`);
  ws.on('close', () => socket.destroy());
  ws.on('error', fail);
  socket.on('close', () => ws.close());
  if (socket.destroyed) ws.close();
}

/** @param thrown a WebSocket's ErrorEvent is not an Error */
function describe(thrown: unknown) {
  const message = (thrown as { message?: unknown })?.message;
  return typeof message === 'string' ? message : String(thrown);
}
