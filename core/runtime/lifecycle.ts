/** From signal to exit status: every entry runs inside `runMain`. */
import { loadConfig, type Config } from './config.js';
import { asError, ConfigError } from './errors.js';
import { createLogger, type Logger } from './logger.js';

export interface Context {
  readonly config: Config;
  readonly log: Logger;
  /** Aborts on the first SIGTERM or SIGINT; a second signal ends the process at once. */
  readonly stop: AbortSignal;
}

/**
 * Exit statuses: 0 done, 1 crashed (a restart may help), 2 set up wrongly (it will not), or what `body` returns.
 * @param fd where logs go, see createLogger
 */
export function runMain(component: string, body: (context: Context) => Promise<number | void>, fd = 1): void {
  void supervise(component, body, fd).then((status) => process.exit(status));
}

async function supervise(
  component: string,
  body: (context: Context) => Promise<number | void>,
  fd: number,
): Promise<number> {
  let log = createLogger({ LOG_LEVEL: 'INFO', LOG_FORMAT: 'text', workerName: '-' }, component, fd);
  try {
    const config = loadConfig(process.env);
    log = createLogger(config, component, fd);
    return (await body({ config, log, stop: stopSignal(log) })) ?? 0;
  } catch (thrown) {
    const error = asError(thrown);
    if (error instanceof ConfigError || isUsageError(error)) {
      log.error(error.message);
      return 2;
    }
    log.error({ err: { message: error.message, stack: error.stack } }, 'crashed');
    return 1;
  }
}

/** What parseArgs of node:util throws at an unknown or incomplete option. */
function isUsageError(error: Error): boolean {
  return 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

function stopSignal(log: Logger): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(128 + (name === 'SIGTERM' ? 15 : 2));
      log.info({ signal: name }, 'stopping');
      controller.abort();
    });
  }
  return controller.signal;
}
