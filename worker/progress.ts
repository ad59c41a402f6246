/** Progress lines: one each time BATCH_SIZE parameters are done. */
import type { Logger } from '../core/runtime/logger.js';

/** @returns a function to call with the number of parameters done since the last call */
export function progressLogger(log: Logger): (parameters: number) => void {
  const started = performance.now();
  let total = 0;
  return (parameters) => {
    total += parameters;
    const seconds = (performance.now() - started) / 1000;
    log.info({ params_processed: total, params_per_second: Math.round(total / seconds) }, 'progress');
  };
}
