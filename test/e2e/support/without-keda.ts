/**
 * The cluster's API as it is where KEDA was never installed: a proxy that knows no group keda.sh and passes on all
 * else.
 */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { OUT } from './place.js';

export interface WithoutKeda extends AsyncDisposable {
  /** A kubeconfig whose only context, `without-keda`, leads through the proxy. */
  readonly kubeconfig: string;
}

export async function withoutKeda(config: KubeConfig): Promise<WithoutKeda> {
  const trust: RequestOptions = {};
  await config.applyToHTTPSOptions(trust);
  const { ca, cert, key } = trust;
  const { hostname, port: apiPort } = new URL(config.getCurrentCluster()?.server ?? '');
  const options = ({ method = 'GET', url: path = '/', headers }: IncomingMessage): RequestOptions => ({
    hostname,
    port: apiPort,
    method,
    path,
    headers,
    ca,
    cert,
    key,
  });
  const isKedas = ({ url = '' }: IncomingMessage): boolean => url.startsWith('/apis/keda.sh');

  const pass: RequestListener = (incoming, outgoing) => {
    // The words of the API server for a group that it does not serve.
    if (isKedas(incoming))
      return void outgoing.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
    const onward = request(options(incoming), (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  };
  const server = createServer(pass);
  const open = new Set<Duplex>();
  // Port-forwards are WebSockets.
  server.on('upgrade', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    open.add(client);
    const onward = request(options(incoming));
    onward.on('upgrade', (answer, upstream, first) => {
      open.add(upstream);
      const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`);
      client.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('\r\n')}\r\n\r\n`);
      client.write(first);
      upstream.write(head);
      client.pipe(upstream).pipe(client);
      for (const side of [client, upstream]) side.on('error', () => void (client.destroy(), upstream.destroy()));
    });
    onward.on('error', () => client.destroy());
    onward.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(OUT, `kubeconfig-without-keda-${port}`);
  const one = (name: string, what: object): object[] => [{ name, ...what }];
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      'apiVersion': 'v1',
      'kind': 'Config',
      'current-context': 'without-keda',
      'clusters': one('proxy', { cluster: { 'server': `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }),
      'users': one('nobody', { user: {} }),
      'contexts': one('without-keda', { context: { cluster: 'proxy', user: 'nobody' } }),
    }),
  );
  return {
    kubeconfig,
    [Symbol.asyncDispose]: async () => {
      for (const side of open) side.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
