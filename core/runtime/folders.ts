/** Folders that a user names: made one by one, kept after a loss of power, and refused by name. */
import { mkdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { asError, ConfigError } from './errors.js';

/**
 * Makes a folder, and those above it that are not there. Not Node's own way, which tries for ever where the system says
 * that a folder above is there and refuses to make one in it, as in /proc.
 * @throws the system's error, with the path that it refused
 */
export function makeFolder(path: string, mode = 0o777): void {
  const whole = resolve(path);
  if (statSync(whole, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(whole) !== whole) makeFolder(dirname(whole), mode);
  try {
    mkdirSync(whole, { mode });
  } catch (thrown) {
    // Another process may have made it meanwhile.
    if (!statSync(whole, { throwIfNoEntry: false })?.isDirectory()) throw thrown;
  }
}

/** A new file is there after a loss of power only if its folder is on the disk too. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  // Some network file systems cannot, and need not.
  await folder.sync().catch((thrown: unknown) => {
    if (codeOf(thrown) !== 'EINVAL') throw thrown;
  });
}

/**
 * Does something with a place that the user named, before anything else is done.
 * @param place as the user gave it: `--dir runs`
 * @throws ConfigError with the place, where the system refuses
 */
export function inPlace<T>(place: string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    throw thrown instanceof ConfigError ? thrown : refusedPlace(place, thrown);
  }
}

/** What helps where the system refuses a place. */
export const NAME_ANOTHER_PLACE = 'Name a place that is there, may be written and has room';

export function refusedPlace(place: string, thrown: unknown): ConfigError {
  return new ConfigError(`${place}: ${asError(thrown).message}. ${NAME_ANOTHER_PLACE}`, { cause: thrown });
}

/** Of an error of the system: `ENOSPC`. */
export function codeOf(thrown: unknown): string | undefined {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
