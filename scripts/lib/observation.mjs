/** Everything that cli/why judges, of a release in a cluster: its broker through a port-forward first, then its objects. */
import { lookTwice } from '../../dist/cli/diagnose/look.js';
import { loadConfig } from '../../dist/core/runtime/config.js';
import { createLogger } from '../../dist/core/runtime/logger.js';
import { observeCluster } from './observe.mjs';
import { findReleaseEnv } from './release.mjs';
import { openRun } from './ttg.mjs';

/** @typedef {import('../../dist/cli/diagnose/facts.js').Observation} Observation */
/** @typedef {import('./release.mjs').Where} Where */

/**
 * @param {Where} where
 * @param {{ seconds: number, runId: string | undefined, flags: string, signal: AbortSignal }} options flags: how scripts are pointed at this release
 * @returns {Promise<Observation>}
 */
export async function observe(where, { seconds, runId, flags, signal }) {
  const release = await findReleaseEnv(where);
  const id = runId ?? release?.values.RUN_ID;
  const broker = release
    ? await lookAtBroker(where, release, { seconds, runId, signal })
    : { reach: /** @type {const} */ ('unasked') };
  // After the looks, so that it is no older than what they saw.
  const cluster = await observeCluster(where, release, { flags, runId: id });
  const limit = release?.values.CHUNK_TIMEOUT_SECONDS;
  return {
    runId: id ?? 'the run',
    backend: release?.staticJob
      ? 'static'
      : (/** @type {Observation['backend'] | undefined} */ (release?.values.QUEUE_BACKEND) ?? 'redis'),
    now: Date.now(),
    chunkTimeoutSeconds: limit === undefined ? undefined : Number(limit),
    broker,
    cluster,
  };
}

/**
 * @param {Where} where
 * @param {import('./release.mjs').ReleaseEnv} release
 * @param {{ seconds: number, runId: string | undefined, signal: AbortSignal }} options
 * @returns {Promise<Observation['broker']>}
 */
async function lookAtBroker(where, { values }, { seconds, runId, signal }) {
  const opened = await openRun(where, runId);
  try {
    const config = loadConfig({ ...opened.env, LOG_LEVEL: 'ERROR', LOG_FORMAT: 'text', POD_NAME: 'why' });
    const address =
      config.QUEUE_BACKEND === 'redis'
        ? `${values.REDIS_HOST}:${values.REDIS_PORT}`
        : `${values.RABBITMQ_HOST}:${values.RABBITMQ_PORT}`;
    const context = { config, log: createLogger(config, 'why', 2), stop: signal };
    const facts = await lookTwice(context, { seconds, where: address, logs: opened.logs });
    return facts.reach === 'silent' ? { ...facts, reason: opened.lastError() || facts.reason } : facts;
  } finally {
    await opened.close();
  }
}
