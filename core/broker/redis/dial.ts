/** How a connection to Redis behaves, and what its errors mean. */
import { Redis, ReplyError } from 'ioredis';
import { backoff } from '../../runtime/backoff.js';
import type { Config } from '../../runtime/config.js';

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
    // How long to wait before asking a broker that is loading its data again.
    maxLoadingRetryTime: 250,
  });
  // Without a listener the client prints errors by itself. Nothing is lost: every command fails with its own error.
  client.on('error', () => undefined);
  return client;
}

/** - refused: will not get better. away: the outcome of the command is unknown. busy, full: nothing was changed. */
export type Failure = 'refused' | 'away' | 'busy' | 'full' | 'other';

export function classify(error: unknown): Failure {
  if (!(error instanceof Error)) return 'other';
  if (error instanceof ReplyError) {
    if (/^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password)/.test(error.message)) return 'refused';
    if (/^(OOM|MISCONF)/.test(error.message)) return 'full';
    if (/^(LOADING|BUSY |READONLY|MASTERDOWN|NOREPLICAS)/.test(error.message)) return 'busy';
    return 'other';
  }
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (/^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/.test(code)) return 'away';
  return /^Connection is closed|isn't writeable|max retries per request|connection close|^Socket timeout|ETIMEDOUT/.test(
    error.message,
  )
    ? 'away'
    : 'other';
}

/** The client's words for a lost connection name its own options, which helps nobody. */
export function reasonOf(error: Error): string {
  return /max retries per request|isn't writeable/.test(error.message) ? 'connection lost' : error.message;
}
