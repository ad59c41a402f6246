/** How a connection to Redis behaves, and which server it accepts. */
import { createConnection, type Socket } from 'node:net';
import { AbstractConnector, Redis } from 'ioredis';
import { backoff } from '../../runtime/backoff.js';
import type { Config } from '../../runtime/config.js';
import { isWrongServer } from './failure.js';
import { unsuitable, type Unsuitable } from './server.js';

const DISCONNECT_MS = 2000;

export interface Client {
  readonly redis: Redis;
  /** For messages: `Redis at host:port`. */
  readonly where: string;
  /** Why the server that was reached last is not used; a ConfigError where it never can be. */
  readonly fault: () => Unsuitable | undefined;
}

/** Starts to connect at once and reconnects for ever; what a lost connection means is for Link to decide. */
export function createClient(config: Config): Client {
  const { REDIS_HOST: host, REDIS_PORT: port } = config;
  const where = `Redis at ${host}:${port}`;
  let fault: Unsuitable | undefined;

  /** The client asks it after each connecting, and connects anew where it says no. */
  class CheckingConnector extends AbstractConnector {
    constructor() {
      super(DISCONNECT_MS);
    }

    connect(): Promise<Socket> {
      this.connecting = true;
      const stream = createConnection({ host, port });
      stream.once('error', (error) => (this.firstError = error));
      this.stream = stream;
      return Promise.resolve(stream);
    }

    /**
     * @param info fields of INFO by name; none where the user may not ask: then the server's own errors have to tell
     */
    override check(info: Readonly<Record<string, string>>): boolean {
      fault = unsuitable(new Map(Object.entries(info)), where);
      return fault === undefined;
    }
  }

  const redis = new Redis({
    Connector: CheckingConnector,
    host,
    port,
    ...(config.REDIS_PASSWORD ? { password: config.REDIS_PASSWORD } : {}),
    connectionName: config.workerName,
    disableClientInfo: true,
    protocol: 2,
    // The client repeats nothing by itself: whether a command whose outcome is unknown may be sent again depends on the
    // command. So commands fail at once while the connection is down, and those in flight when it breaks
    // (0 retries; autoResendUnfulfilledCommands alone would leave their promises pending for ever, ioredis 6.0).
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // A node that vanishes closes no connection. No command takes this long: the longest blocks for a second.
    socketTimeout: 15_000,
    connectTimeout: 3_000,
    retryStrategy: (tries) => backoff(tries, 50, 1000),
    // A primary that became a replica takes no writes: the address names another server by now, or soon.
    reconnectOnError: isWrongServer,
    // How long to wait before asking a broker that is loading its data again.
    maxLoadingRetryTime: 250,
  });
  // Without a listener the client prints errors by itself. Nothing is lost: every command fails with its own error.
  redis.on('error', () => undefined);
  return { redis, where, fault: () => fault };
}
