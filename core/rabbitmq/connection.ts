import type { Broker } from '../broker.js';
import type { Config } from '../config.js';
import type { Logger } from '../logger.js';
export async function connectRabbitmq(_config: Config, _log: Logger, _signal: AbortSignal): Promise<Broker> { throw new Error('not yet'); }
