/** Which server is accepted, by what it says of itself (INFO). Pure. */
import { ConfigError } from '../../runtime/errors.js';

const OLDEST = 7;

/** Fields of INFO, by name. Empty where the user may not ask. */
export type Info = ReadonlyMap<string, string>;

/** Why a server is not used: for the moment, or, as a ConfigError, for good. */
export type Unsuitable = string | ConfigError;

export function parseInfo(text: string): Info {
  const lines = text.split(/\r?\n/).filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

/** @returns undefined where the server may be used */
export function unsuitable(info: Info, where: string): Unsuitable | undefined {
  const mode = info.get('redis_mode');
  if (mode === 'cluster') {
    return new ConfigError(
      `${where} runs in cluster mode, which cannot change several keys in one step: point REDIS_HOST at a single Redis ` +
        'server, or at a primary with replicas',
    );
  }
  if (mode === 'sentinel') {
    return new ConfigError(
      `${where} is a Sentinel, which stores nothing: point REDIS_HOST and REDIS_PORT at the primary that it watches, or at ` +
        'a Service that follows it',
    );
  }
  const version = info.get('redis_version');
  if (version !== undefined && !(Number.parseInt(version, 10) >= OLDEST)) {
    return new ConfigError(`${where} is ${version}, but TTG needs ${OLDEST}.0 or newer: upgrade it`);
  }
  const role = info.get('role');
  if (role === undefined || role === 'master') return undefined;
  return `it is a replica (role ${role}) and takes no writes: REDIS_HOST must name the primary`;
}
