/** The log and the dead letters as they are read, and dead letters put back. */
import type { Wire } from '../../../wire/records.js';
import { deathOf, linesOf } from '../lines.js';
import type { Answers, Asked } from '../protocol.js';
import type { Asker } from './asker.js';
import type { Space } from './space.js';

/** An answer: its header without its number, and bytes behind it. */
export interface Given {
  readonly header: object;
  readonly body?: Buffer;
}

const PAGE_BYTES = 1 << 20;
const PAGE_LETTERS = 500;

/** What was appended when the question came is shown, once it is on the disk. */
export async function read(
  peer: Asker,
  space: Space,
  { n, from, waitMs }: Extract<Asked, { op: 'read' }>,
): Promise<Given> {
  const { journal } = space;
  await journal.nearlyDurable();
  if (waitMs > 0 && journal.end <= from) {
    const over = new AbortController();
    const end = (): void => over.abort();
    const timer = setTimeout(end, waitMs);
    peer.waits.set(n, end);
    await journal.grown(from, over.signal);
    clearTimeout(timer);
    peer.waits.delete(n);
  }
  const body = await journal.read(from, PAGE_BYTES);
  const next = from + body.length;
  return { header: { next, end: next >= journal.end } satisfies Answers['read'], body };
}

export async function letters(space: Space, { after }: Extract<Asked, { op: 'letters' }>): Promise<Given> {
  await space.journal.durable();
  const all = [...space.state.letters].filter(([number]) => number > after);
  const page = all.slice(0, PAGE_LETTERS);
  const lines = await Promise.all(page.map(([, { offset, length }]) => space.journal.readAt(offset, length)));
  const header = { letters: page.map(([number]) => number), more: all.length > page.length };
  return { header: header satisfies Answers['letters'], body: Buffer.concat(lines) };
}

export async function replay(space: Space, ids: readonly string[]): Promise<Answers['replay']> {
  await space.journal.durable();
  const done: string[] = [];
  for (const id of new Set(ids)) {
    const number = Number(id);
    const letter = space.state.letters.get(number);
    if (letter?.runId === undefined) continue;
    const [line] = linesOf(await space.journal.readAt(letter.offset, letter.length), letter.offset);
    // Another one may have taken it meanwhile.
    if (!line || space.state.letters.get(number) !== letter) continue;
    const [[chunk, wire] = [0, {}]] = space.queue([deathOf(line.payload).chunk as Wire]);
    space.state.takeLetter(number);
    space.write('y', `${number} ${chunk} ${JSON.stringify(wire)}`);
    done.push(id);
  }
  space.serve();
  await space.journal.durable();
  return { done };
}
