/** How a connection to Redis behaves. */
import { Redis } from 'ioredis';
import { backoff } from '../../runtime/backoff.js';
import type { Config } from '../../runtime/config.js';
import { isWrongServer } from './concerns.js';

/** Starts to connect at once and reconnects for ever; what a lost connection means is for Link to decide. */
export function createClient(config: Config): Redis {
  const client = new Redis({
    host: config.REDIS_HOST,
    port: config.REDIS_PORT,
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
    // A primary that became a replica takes no writes: the address names another server by now.
    reconnectOnError: isWrongServer,
    // How long to wait before asking a broker that is loading its data again.
    maxLoadingRetryTime: 250,
  });
  // Without a listener the client prints errors by itself. Nothing is lost: every command fails with its own error.
  client.on('error', () => undefined);
  return client;
}
