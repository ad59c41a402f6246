/**
 * Takes away what is queued and parked of a run, and its dead letters. Its records stay: the log is one file that is
 * only appended to, and who wants it gone removes the folder. So does its state, which must say what the log says.
 */
import { idsText } from '../lines.js';
import type { Answers } from '../protocol.js';
import type { Entry } from './queue.js';
import type { Space } from './space.js';

export async function forget(space: Space, runId: string): Promise<Answers['forget']> {
  const { queue, letters } = space.state;
  const isOfRun = ({ template }: Entry): boolean => template['run_id'] === runId;
  const parked = [...queue.parked.values()].filter(isOfRun);
  const queued = [...queue.entries.values()].filter(isOfRun);
  const dead = [...letters].filter(([, letter]) => letter.runId === runId).map(([number]) => number);
  if (parked.length > 0) space.write('v', idsText(parked.map(({ id }) => id)));
  for (const entry of parked) queue.unpark(entry);
  const gone = [...queued, ...parked];
  if (gone.length > 0) space.write('g', idsText(gone.map(({ id }) => id)));
  for (const entry of gone) queue.remove(entry);
  if (dead.length > 0) space.write('o', idsText(dead));
  for (const letter of dead) letters.delete(letter);
  await space.journal.durable();
  return { queued: queued.length, parked: parked.length, deadLetters: dead.length };
}
