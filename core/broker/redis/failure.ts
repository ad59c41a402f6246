/** What Redis' errors mean here, by their codes: the first word of an answer, or the code of the system. */
import { ReplyError } from 'ioredis';
import { ConfigError } from '../../runtime/errors.js';

/**
 * - refused: it will not get better. away: the outcome of the command is unknown. wrong: the server must not be written to.
 * - busy, full: nothing was changed.
 */
export type Failure = 'refused' | 'away' | 'wrong' | 'busy' | 'full' | 'other';

const BY_CODE: Readonly<Record<string, Failure>> = {
  WRONGPASS: 'refused',
  NOAUTH: 'refused',
  NOPERM: 'refused',
  OOM: 'full',
  MISCONF: 'full',
  LOADING: 'busy',
  BUSY: 'busy',
  MASTERDOWN: 'busy',
  NOREPLICAS: 'busy',
  READONLY: 'wrong',
  MOVED: 'refused',
  CROSSSLOT: 'refused',
  CLUSTERDOWN: 'refused',
};

/** The first word of an answer that is an error. */
export function codeOf(error: unknown): string {
  return error instanceof ReplyError ? (/^[A-Z]+/.exec((error as Error).message)?.[0] ?? '') : '';
}

export function classify(error: unknown): Failure {
  if (!(error instanceof Error)) return 'other';
  if (error instanceof ReplyError) return isRightMissing(error) ? 'refused' : (BY_CODE[codeOf(error)] ?? 'other');
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/.test(code) || isClientsOwn(error) ? 'away' : 'other';
}

/** Inside a script a missing right has no code of its own: Redis 7 answers ERR there. */
function isRightMissing(error: Error): boolean {
  return codeOf(error) === 'NOPERM' || error.message.startsWith('ERR ACL failure in script');
}

/** The client's own errors about a connection carry neither class nor code (ioredis 6): only its words are left. */
function isClientsOwn(error: Error): boolean {
  return /^Connection is closed|isn't writeable|max retries per request|connection close|^Socket timeout|ETIMEDOUT/.test(
    error.message,
  );
}

/** The client's words for a lost connection name its own options, which helps nobody. */
export function reasonOf(error: Error): string {
  return /max retries per request|isn't writeable/.test(error.message) ? 'connection lost' : error.message;
}

/** What is refused for good, with its remedy. @param where `Redis at host:port` */
export function refusal(error: Error, where: string): ConfigError {
  const code = codeOf(error);
  if (isRightMissing(error)) {
    return new ConfigError(
      `${where} refuses the user a right that TTG needs (${error.message}): grant it (ACL SETUSER), ` +
        'or take a user with all rights on the keys of QUEUE_PREFIX',
      { cause: error },
    );
  }
  if (code === 'WRONGPASS' || code === 'NOAUTH') {
    return new ConfigError(
      `${where} refused the credentials (${error.message}): set REDIS_PASSWORD to the password it was started with`,
      { cause: error },
    );
  }
  return new ConfigError(
    `${where} is a part of a Redis Cluster (${error.message}), which cannot change several keys in one step: ` +
      'point REDIS_HOST at a single Redis server, or at a primary with replicas',
    { cause: error },
  );
}
