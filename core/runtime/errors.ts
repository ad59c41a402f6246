/**
 * Errors named by the decision they force. Anything else that is thrown crashes the process, on purpose:
 * a pod that dies is recovered by the lease, a pod that guesses is not.
 */

/** The process was set up wrongly. Decision: exit 2, do not restart. The message names place, limit and remedy. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError';
}

/** A broker refuses the credentials. Decision: as for a ConfigError; whoever explains it can name the secret. */
export class CredentialsRefused extends ConfigError {}

/**
 * The broker does not answer, or went away and did not come back for as long as the caller waits. Decision: none of its
 * own; a command says so, whoever diagnoses names it as the cause, and what runs in a pod ends and is started again.
 */
export class BrokerAway extends Error {
  override readonly name: string = 'BrokerAway';
}

/**
 * The store of values does not answer, or answers with errors of its own, for as long as the caller waits. Decision: no
 * chunk is to blame; a worker gives back what it cannot record and leaves, a command says so.
 */
export class StoreAway extends Error {
  override readonly name = 'StoreAway';
}

/**
 * A file that something goes into all the time takes nothing more. Decision: what is under way ends in order, exit 1;
 * what was confirmed is kept, and the message says how to go on.
 */
export class CannotWrite extends Error {
  override readonly name = 'CannotWrite';
}

/** Bytes that nobody here can decode. Decision: keep them in the dead-letter queue as they are, never loop. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

interface ChunkErrorOptions extends ErrorOptions {
  readonly retryable: boolean;
  readonly parameter?: number | undefined;
  readonly output?: string | undefined;
}

/**
 * Computing a chunk failed. Decision: retry while attempts are left and `retryable`, else split it, or dead-letter it
 * where it is a single parameter.
 */
export class ChunkError extends Error {
  override readonly name = 'ChunkError';
  /** `false` when a further attempt cannot end otherwise. */
  readonly retryable: boolean;
  /** The parameter that failed, where it is known. */
  readonly parameter: number | undefined;
  /** The end of what a program printed on standard error. */
  readonly output: string;

  constructor(message: string, options: ChunkErrorOptions) {
    super(message, { cause: options.cause });
    this.retryable = options.retryable;
    this.parameter = options.parameter;
    this.output = options.output ?? '';
  }
}

/**
 * The lease of a delivery is over, and the broker hands its chunk to someone else. Decision: settle nothing more. The
 * message says why, as far as the broker told: another worker has it, the connection broke, or a limit of the broker
 * ended it.
 */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  /** Whether the broker took the result into the log all the same. */
  readonly recorded: boolean;

  constructor(message: string, { recorded = false, ...options }: ErrorOptions & { recorded?: boolean } = {}) {
    super(message, options);
    this.recorded = recorded;
  }
}

/**
 * The broker will never take this record: it is too large, or has no encoding. Decision: a failure of the chunk, which
 * is split, or dead-lettered where it is a single parameter.
 */
export class Unrecordable extends Error {
  override readonly name = 'Unrecordable';
}

/** A delivery was settled a second time. Decision: none, it is a mistake of the program; nothing was changed. */
export class SettledBefore extends Error {
  override readonly name = 'SettledBefore';
}

/** Another seeder publishes at this moment. Decision: wait for it, then look again at what is missing. */
export class SeederBusy extends Error {
  override readonly name = 'SeederBusy';
}

/** Any thrown value as an Error, the original kept as cause. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
