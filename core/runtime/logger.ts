/** Logs as data: a constant message and fields, as text for people or JSON for machines. */
import { writeSync } from 'node:fs';
import { pino, type Logger } from 'pino';
import type { Config } from './config.js';

export type { Logger } from 'pino';

const LEVELS = { debug: 'debug', info: 'info', warning: 'warn', error: 'error' } as const;

/**
 * Every line carries `component` and the worker's name; pino's levels under the playbook's names.
 * @param fd 1 for services, 2 for commands whose standard output is their answer
 */
export function createLogger(
  config: Pick<Config, 'LOG_LEVEL' | 'LOG_FORMAT' | 'workerName'>,
  component: string,
  fd = 1,
): Logger {
  const level = LEVELS[config.LOG_LEVEL.toLowerCase() as keyof typeof LEVELS];
  const options = {
    level,
    base: { component, worker_id: config.workerName },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (config.LOG_FORMAT === 'json') return pino(options, { write: (line: string) => writeLine(line, fd) });
  return pino(options, { write: (line: string) => writeLine(asText(line), fd) });
}

/** One line, whole, even when it goes to a pipe that is full. */
export function writeLine(line: string, fd = 1): void {
  let rest = Buffer.from(line);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

function asText(line: string): string {
  const { time, level, component, worker_id, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${show(value)}`);
  return `${String(time)} [${String(level).toUpperCase()}] ${String(component)} ${String(worker_id)}: ${String(msg)}${rest.join('')}\n`;
}

function show(value: unknown): string {
  if (value && typeof value === 'object' && 'stack' in value) return String(value.stack);
  return typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value);
}
