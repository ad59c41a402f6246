/** From signal to exit status: every entry runs inside `runMain`. */
import { loadConfig, type Config } from './config.js';
import { asError, BrokerAway, CannotWrite, ConfigError, StoreAway } from './errors.js';
import { NAME_ANOTHER_PLACE } from './folders.js';
import { createLogger, type Logger } from './logger.js';
import { standard, type Output } from './output.js';

/** A reader of logs that takes nothing for so long is not waited for any longer when the process ends. */
const LAST_LINES_MS = 5000;
/** After a crash nothing may go on for long: the process is in no known state. */
const LAST_WORDS_MS = 1000;

export interface Context {
  readonly config: Config;
  readonly log: Logger;
  /** Aborts on the first SIGTERM or SIGINT; a second signal ends the process at once. */
  readonly stop: AbortSignal;
}

export interface Program extends Context {
  /** Standard output. */
  readonly out: Output;
}

export interface ProgramOptions {
  /** Where logs go: 1 for services, 2 for commands whose standard output is their answer. */
  readonly logTo?: 1 | 2;
  /** Variables that take the place of the environment's, as a command's options do. */
  readonly given?: Readonly<Record<string, string>>;
  /** Variables where the environment has none. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** A signal that comes so soon after the first is the same one: npx passes on the Ctrl-C that the terminal sent. */
  readonly sameSignalMs?: number;
}

type Body = (program: Program) => Promise<number | void>;

/**
 * Exit statuses: 0 done, 1 crashed (a restart may help), 2 set up wrongly (it will not), or what `body` returns.
 * The process ends once what it wrote is with its reader. For a reader that hangs a service waits five seconds; a
 * command waits as long as the reader is there, and five seconds after a signal.
 */
export function runMain(
  component: string,
  body: Body,
  { logTo = 1, given = {}, defaults = {}, sameSignalMs = 0 }: ProgramOptions = {},
): void {
  const stop = new AbortController();
  const log = createLogger({ LOG_LEVEL: 'INFO', LOG_FORMAT: 'text', workerName: '-' }, component, logTo);
  const running = { log, crashed: false };
  process.on('uncaughtException', (thrown) => {
    running.crashed = true;
    reportCrash(running.log, thrown);
    void leave(1, AbortSignal.timeout(LAST_WORDS_MS));
  });
  void supervise(running, component, body, stop, { logTo, given, defaults, sameSignalMs }).then((status) =>
    leave(
      running.crashed ? 1 : status,
      logTo === 1 ? AbortSignal.timeout(LAST_LINES_MS) : later(stop.signal, LAST_LINES_MS),
    ),
  );
}

async function leave(status: number, patience: AbortSignal): Promise<never> {
  await Promise.all([standard(1).flush(patience), standard(2).flush(patience)]);
  process.exit(status);
}

async function supervise(
  running: { log: Logger },
  component: string,
  body: Body,
  stop: AbortController,
  { logTo, given, defaults, sameSignalMs }: Required<ProgramOptions>,
): Promise<number> {
  try {
    const config = loadConfig({ ...defaults, ...process.env, ...given });
    const log = (running.log = createLogger(config, component, logTo));
    stopOnSignals(log, stop, sameSignalMs);
    return (await body({ config, log, stop: stop.signal, out: standard(1) })) ?? 0;
  } catch (thrown) {
    if (thrown instanceof ConfigError) {
      // Whoever typed a command wrongly is told so without a log's time and level.
      if (logTo === 2) await standard(2).print(`${component}: ${thrown.message}\n`);
      else running.log.error(thrown.message);
      return 2;
    }
    if (thrown instanceof CannotWrite && logTo === 2) await standard(2).print(`${component}: ${thrown.message}\n`);
    // Where in the program somebody waited for it says nothing.
    else if (thrown instanceof BrokerAway || thrown instanceof StoreAway) running.log.error(thrown.message);
    else if (logTo === 2 && isOfFile(thrown))
      await standard(2).print(`${component}: ${thrown.message}. ${NAME_ANOTHER_PLACE}\n`);
    else reportCrash(running.log, thrown);
    return 1;
  }
}

/** The system refused a file or directory, which whoever gave the command named. */
function isOfFile(thrown: unknown): thrown is NodeJS.ErrnoException {
  if (!(thrown instanceof Error)) return false;
  const { path, code, syscall } = thrown as NodeJS.ErrnoException;
  return code === 'ENOSPC' || (code !== undefined && path !== undefined && !syscall?.startsWith('spawn'));
}

function reportCrash(log: Logger, thrown: unknown): void {
  const { message, stack } = asError(thrown);
  log.error({ err: { message, stack } }, 'crashed');
}

function stopOnSignals(log: Logger, controller: AbortController, sameSignalMs: number): void {
  let firstAt = 0;
  // A worker of `ttg run` has a channel to it, and leaves when that process is no more, however it ended.
  if (process.channel) {
    process.once('disconnect', () => {
      log.info('the process that started this one has ended: stopping');
      controller.abort();
    });
    process.channel.unref();
  }
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        if (performance.now() - firstAt < sameSignalMs) return;
        process.exit(128 + (name === 'SIGTERM' ? 15 : 2));
      }
      firstAt = performance.now();
      log.info({ signal: name }, 'stopping');
      controller.abort();
    });
  }
}

/** Aborts `ms` after `signal` did. */
function later(signal: AbortSignal, ms: number): AbortSignal {
  const controller = new AbortController();
  const start = (): void => void setTimeout(() => controller.abort(), ms);
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return controller.signal;
}
