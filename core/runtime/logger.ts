/** Logs as data: a constant message and fields, as text for people or JSON for machines. */
import { format } from 'node:util';
import { pino, type Logger } from 'pino';
import type { Config } from './config.js';
import { standard, type Output } from './output.js';

export type { Logger } from 'pino';

const LEVELS = { debug: 'debug', info: 'info', warning: 'warn', error: 'error' } as const;

/** So many bytes may wait for a reader that is slow or hangs. Further lines are dropped, counted and told later. */
const MOST_WAITING = 1 << 20;
/** Errors have this much room beyond it: they are what the reader looks for. */
const ROOM_FOR_ERRORS = 1 << 18;
const ERROR_LEVEL = 50;

/**
 * Every line carries `component` and the worker's name; pino's levels as DEBUG, INFO, WARNING and ERROR. Logging never waits
 * and never throws: at the end of a process `Output.flush` waits.
 * @param to 1 for services, 2 for commands whose standard output is their answer
 */
export function createLogger(
  config: Pick<Config, 'LOG_LEVEL' | 'LOG_FORMAT' | 'workerName'>,
  component: string,
  to: 1 | 2 | Output = 1,
): Logger {
  const level = LEVELS[config.LOG_LEVEL.toLowerCase() as keyof typeof LEVELS];
  const options = {
    level,
    base: { component, worker_id: config.workerName },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const owner = `${component} ${config.workerName}`;
  const toLine = config.LOG_FORMAT === 'json' ? (json: string) => json : (_: string, last: Last) => asText(owner, last);
  const destination = new Destination(typeof to === 'number' ? standard(to) : to, toLine);
  const log = pino(options, destination);
  destination.tellDropped = (lines) =>
    log.warn({ lines }, 'log lines were dropped here: whoever reads this log was too slow');
  return log;
}

/** What pino tells of a line to a destination that asks for it. */
interface Last {
  lastLevel: number;
  /** Message and fields as they were given. */
  lastMsg: string | undefined;
  lastObj: object | null | undefined;
  /** JSON text. */
  lastTime: string;
}

class Destination implements Last {
  readonly [pino.symbols.needsMetadataGsym] = true;
  lastLevel = 0;
  lastMsg: string | undefined;
  lastObj: object | null | undefined;
  lastTime = '';
  tellDropped: (lines: number) => void = () => {};
  readonly #output: Output;
  readonly #toLine: (json: string, last: Last) => string;
  #dropped = 0;

  constructor(output: Output, toLine: (json: string, last: Last) => string) {
    this.#output = output;
    this.#toLine = toLine;
  }

  write(json: string): void {
    const { waiting } = this.#output;
    if (waiting > MOST_WAITING + (this.lastLevel >= ERROR_LEVEL ? ROOM_FOR_ERRORS : 0)) {
      this.#dropped++;
      return;
    }
    const line = this.#toLine(json, this);
    if (this.#dropped > 0 && waiting <= MOST_WAITING) {
      const lines = this.#dropped;
      this.#dropped = 0;
      this.tellDropped(lines);
    }
    this.#output.push(line);
  }
}

function asText(owner: string, { lastLevel, lastMsg, lastObj, lastTime }: Last): string {
  const fields = Object.entries(lastObj ?? {}).filter(([, value]) => value !== undefined);
  const rest = fields.map(([key, value]) => ` ${key}=${show(value)}`).join('');
  const label = pino.levels.labels[lastLevel]?.toUpperCase() ?? String(lastLevel);
  return `${lastTime.replaceAll('"', '')} [${label}] ${owner}: ${lastMsg}${rest}\n`;
}

function show(value: unknown): string {
  if (value && typeof value === 'object' && 'stack' in value) return String(value.stack);
  return typeof value === 'string' && !/\s/.test(value) ? value : format('%j', value);
}
