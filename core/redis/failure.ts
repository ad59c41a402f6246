/** What a failed command means for whoever sent it. */
import { ReplyError } from './resp.js';

/** There is no connection, or it broke. */
export class Disconnected extends Error {
  /** @param sent the command may have reached the broker: its outcome is unknown */
  constructor(readonly sent: boolean, message: string) {
    super(message);
  }
}

/** - refused: will not get better. away: the outcome of the command is unknown. busy, full: nothing was changed. */
export type Failure = 'refused' | 'away' | 'busy' | 'full' | 'other';

export function classify(error: unknown): Failure {
  if (error instanceof Disconnected) return error.sent ? 'away' : 'busy';
  if (!(error instanceof ReplyError)) return 'other';
  if (/^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password)/.test(error.message)) return 'refused';
  if (/^(OOM|MISCONF)/.test(error.message)) return 'full';
  return /^(LOADING|BUSY |READONLY|MASTERDOWN|NOREPLICAS)/.test(error.message) ? 'busy' : 'other';
}
