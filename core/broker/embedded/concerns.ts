/** What of the directory that the log is in endangers the promise. */
import type { Concern } from '../port.js';
import type { Link } from './link.js';

export async function readConcerns(link: Link): Promise<Concern[]> {
  const { inMemory, dir } = (await link.ask<'capacity'>({ op: 'capacity' })).header;
  if (!inMemory) return [];
  const message =
    `the log is in ${dir}, which is memory and no disk (tmpfs): when the machine ends, what was recorded is lost. ` +
    'Take a directory on a disk';
  return [{ fatal: false, message }];
}
