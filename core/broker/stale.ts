/** When a worker that has fallen silent shows, where a lease is kept by heartbeats. */
import type { Config } from '../runtime/config.js';

/** Heartbeats come every third of the threshold: after two thirds at least one is missing. */
export function staleAfterMs({ STALE_THRESHOLD_MS }: Pick<Config, 'STALE_THRESHOLD_MS'>): number {
  return Math.ceil((STALE_THRESHOLD_MS * 2) / 3);
}
