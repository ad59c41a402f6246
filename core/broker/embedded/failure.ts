/** What goes wrong between worker and coordinator, by what can be done about it. */
import { ConfigError } from '../../runtime/errors.js';

/** The connection ended before the answer came: whether anything took effect is unknown. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** No answer: there is no socket yet, or nobody listens on it any more. It may be there soon. */
const AWAY = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAGAIN'];

/** What the system takes for the path of a socket: Node cuts a longer one off, and connects to something else. */
export const MOST_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

export function tooLong(path: string): ConfigError | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MOST_PATH_BYTES) return undefined;
  return new ConfigError(
    `coordinator at ${path}: the path has ${bytes} bytes, and a socket may have ${MOST_PATH_BYTES}: give the path that ` +
      'the coordinator says (EMBEDDED_SOCKET)',
  );
}

/** @returns undefined where waiting may help */
export function refusal(error: Error, path: string): ConfigError | undefined {
  const code = String((error as NodeJS.ErrnoException).code);
  if (AWAY.includes(code)) return undefined;
  const why =
    code === 'EACCES' || code === 'EPERM'
      ? 'this user may not open it: run the worker as the user that runs the coordinator'
      : `it cannot be used as a socket (${error.message}): give the path that the coordinator says`;
  return new ConfigError(`coordinator at ${path}: ${why} (EMBEDDED_SOCKET)`, { cause: error });
}
