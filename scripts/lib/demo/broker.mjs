/** A connection to a run's broker, through the same code as the workers'. */
import { loadConfig } from '../../../dist/core/runtime/config.js';
import { connect } from '../../../dist/core/broker/connect.js';
import { createLogger } from '../../../dist/core/runtime/logger.js';

/**
 * @param {Record<string, string>} env
 * @param {AbortSignal} signal
 * @returns {Promise<import('../../../dist/core/broker/port.js').Broker>}
 */
export async function openBroker(env, signal) {
  const config = loadConfig({ ...env, LOG_LEVEL: 'ERROR', LOG_FORMAT: 'text' });
  return connect(config, createLogger(config, 'demo', 2), signal);
}
