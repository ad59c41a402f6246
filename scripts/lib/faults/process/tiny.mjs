/** A run of a few seconds, with a lease of one: what fault tests and the soak play on. */

/**
 * @param {string} id of the run, and prefix of its queues
 * @returns {import('../types.mjs').Settings}
 */
export function tinyRun(id) {
  return {
    env: {
      // 60 chunks of 160 ms on three workers: three seconds.
      RUN_ID: id,
      QUEUE_PREFIX: id,
      TOTAL_PARAMETERS: '240',
      CHUNK_SIZE: '4',
      SIMULATE_WORK_MS: '40',
      STALE_THRESHOLD_MS: '1000',
      RETRY_DELAY_MS: '300',
      STALE_CHECK_INTERVAL_SECONDS: '1',
      IDLE_TIMEOUT_SECONDS: '10',
      CONNECT_TIMEOUT_SECONDS: '60',
      SHUTDOWN_GRACE_SECONDS: '2',
    },
    maxWorkers: 3,
    chunksPerWorker: 1,
    deadlineSeconds: 60,
    pollMs: 300,
  };
}
