/** Who asks, as those see it that answer: a connected worker, and its waits under way. */
import type { Holder } from './queue.js';

export interface Asker extends Holder {
  readonly retryMs: number;
  /** Aborts with the connection. */
  readonly gone: AbortController;
  /** Ends of waits under way, by the number of their question. */
  readonly waits: Map<number, () => void>;
}
