/**
 * Errors named by the decision they force. Anything else that is thrown crashes the process, on purpose:
 * a pod that dies is recovered by the lease, a pod that guesses is not.
 */

/** The process was set up wrongly. Decision: exit 2, do not restart. The message names place, limit and remedy. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Bytes that nobody here can decode. Decision: keep them in the dead-letter queue as they are, never loop. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** Computing a chunk failed. Decision: retry while attempts are left and `retryable`, else dead-letter. */
export class ChunkError extends Error {
  override readonly name = 'ChunkError';
  /** `false` when a further attempt cannot end otherwise. */
  readonly retryable: boolean;
  /** The parameter that failed, where it is known. */
  readonly parameter: number | undefined;

  constructor(message: string, options: { retryable: boolean; parameter?: number | undefined; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.retryable = options.retryable;
    this.parameter = options.parameter;
  }
}

/** The delivery belongs to someone else by now. Decision: drop what was computed and settle nothing. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** Another seeder publishes at this moment. Decision: wait for it, then look again at what is missing. */
export class SeederBusy extends Error {
  override readonly name = 'SeederBusy';
}

/** Any thrown value as an Error, the original kept as cause. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
