/** What Redis' errors mean here: answers by their first word, which is their code, all others by type and code. */
import { ReplyError } from 'ioredis';
import { ConfigError, CredentialsRefused } from '../../runtime/errors.js';

/**
 * - refused: it will not get better. away: the outcome of the command is unknown. wrong: the server must not be written
 * to.
 * - busy, full: nothing was changed.
 */
export type Failure = 'refused' | 'away' | 'wrong' | 'busy' | 'full' | 'other';

const BY_CODE: Readonly<Record<string, Failure>> = {
  WRONGPASS: 'refused',
  NOAUTH: 'refused',
  NOPERM: 'refused',
  WRONGTYPE: 'refused',
  MOVED: 'refused',
  ASK: 'refused',
  CROSSSLOT: 'refused',
  CLUSTERDOWN: 'refused',
  OOM: 'full',
  MISCONF: 'full',
  LOADING: 'busy',
  BUSY: 'busy',
  MASTERDOWN: 'busy',
  NOREPLICAS: 'busy',
  READONLY: 'wrong',
};

/** The code of an answer that is an error; empty for any other error. */
export function codeOf(error: unknown): string {
  return error instanceof ReplyError ? (/^[A-Z]+/.exec((error as Error).message)?.[0] ?? '') : '';
}

export function classify(error: unknown): Failure {
  if (!(error instanceof Error)) return 'other';
  if (error instanceof ReplyError) return isRightMissing(error) ? 'refused' : (BY_CODE[codeOf(error)] ?? 'other');
  return isOfConnection(error) ? 'away' : 'other';
}

/**
 * The system's errors have a code. The client's own about a connection have none and no class that it exports (ioredis
 * 6): they are plain Errors or its MaxRetriesPerRequestError, and nothing else that a command rejects with is either.
 */
function isOfConnection(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined) return /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/.test(code);
  return error.constructor === Error || error.name === 'MaxRetriesPerRequestError';
}

/** Redis 7.0 gives a right that is missing inside a script no code of its own, only these words. */
function isRightMissing(error: Error): boolean {
  return codeOf(error) === 'NOPERM' || /^ERR (ACL failure in script|The user executing the script)/.test(error.message);
}

/** Whether the server that answered is not the one to write to: the connection is dropped and made anew. */
export function isWrongServer(error: Error): boolean {
  return classify(error) === 'wrong';
}

/** The client's words for a lost connection name its own options, which helps nobody. */
export function reasonOf(error: Error): string {
  const telling = error instanceof ReplyError || (error as NodeJS.ErrnoException).code !== undefined;
  return telling || !isOfConnection(error) ? error.message : 'connection lost';
}

/** What is refused for good, with its remedy. @param where `Redis at host:port` */
export function refusal(error: Error, where: string): ConfigError {
  const [what, remedy] = isRightMissing(error)
    ? [
        'refuses the user a right that TTG needs',
        'grant it (ACL SETUSER), or take a user with all rights on the keys of QUEUE_PREFIX',
      ]
    : (REFUSALS[codeOf(error)] ?? [
        'is a part of a Redis Cluster',
        'such a server cannot change several keys in one step: point REDIS_HOST at a single Redis server, or at a primary with replicas',
      ]);
  const Refusal = what === CREDENTIALS[0] ? CredentialsRefused : ConfigError;
  return new Refusal(`${where} ${what} (${error.message}): ${remedy}`, { cause: error });
}

const CREDENTIALS = ['refused the credentials', 'set REDIS_PASSWORD to the password it was started with'] as const;
const REFUSALS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  WRONGPASS: CREDENTIALS,
  NOAUTH: CREDENTIALS,
  WRONGTYPE: [
    'holds something else under one of the keys that TTG uses',
    'look at them (TYPE of each key that begins with QUEUE_PREFIX), move away what is not of TTG, or set another QUEUE_PREFIX',
  ],
};
