/** The log of a module on the compute thread: its lines go to the worker's own logger. */
import type { FromThread, LogLevel } from './protocol.js';
import type { Log } from './user.js';

export function threadLog(send: (message: FromThread) => void): Log {
  const write =
    (level: LogLevel) =>
    (given: object | string, message = ''): void => {
      if (typeof given === 'string') send({ kind: 'log', level, fields: {}, message: given });
      else send({ kind: 'log', level, fields: plain(given), message });
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** Only what JSON can hold crosses to the other thread for certain, and that is what the log writes anyway. */
function plain(fields: object): object {
  if (fields instanceof Error) return { error: fields.message };
  try {
    return JSON.parse(JSON.stringify(fields)) as object;
  } catch {
    return { fields: 'not to be written as JSON' };
  }
}
