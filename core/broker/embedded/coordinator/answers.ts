/** What each question does, and its answer. Whatever changes the log is durable before it is answered. */
import type { Wire } from '../../../wire/records.js';
import { idsText } from '../lines.js';
import type { Answers, Asked, Question, Row, Template } from '../protocol.js';
import type { Asker } from './asker.js';
import { forget } from './forget.js';
import { capacity, pending, putRecord, putTask } from './operator.js';
import { letters, read, replay, type Given } from './reading.js';
import { receive, rowsOf } from './receiving.js';
import { settle } from './settle.js';
import type { Space } from './space.js';

const PAGE_CHUNKS = 2000;

/** All but what the connection itself answers. */
export type Answerable = Exclude<Asked, { op: 'hello' | 'remove' }>;
type Of<Op extends Question['op']> = Extract<Asked, { op: Op }>;

/** @returns undefined where nothing is to be answered */
export async function answer(peer: Asker, space: Space, asked: Answerable, body: Buffer): Promise<Given | undefined> {
  switch (asked.op) {
    case 'receive':
      return { header: rowsOf(await receive(peer, space, asked)) };
    case 'cancel':
      peer.waits.get(asked.receive)?.();
      return undefined;
    case 'settle': {
      const done = settle(space, peer, asked.items, body);
      if (asked.items.some(([verb]) => verb !== 'release' && verb !== 'retry')) await space.journal.durable();
      return { header: { done } satisfies Answers['settle'] };
    }
    case 'settled':
      await space.journal.durable();
      return { header: { done: asked.leases.map(([id, attempt]) => (space.state.settled.has(id, attempt) ? 1 : 0)) } };
    case 'extend': {
      const at = performance.now() + peer.staleMs;
      const done = asked.leases.map(([id, attempt]) => {
        const entry = space.state.queue.leased(peer, id, attempt);
        if (entry) entry.at = at;
        return entry ? 1 : 0;
      });
      return { header: { done } };
    }
    case 'seed':
      return { header: { granted: space.seeder.take(asked.token, peer, asked.listedTo) } satisfies Answers['seed'] };
    case 'seeded':
      space.seeder.giveBack(asked.token);
      return { header: {} };
    case 'publish':
      return { header: await publish(peer, space, asked, body) };
    case 'queued': {
      const { entries, listedTo, more } = space.seeder.list(asked.page, PAGE_CHUNKS);
      return { header: { ...rowsOf(entries), listedTo, more } satisfies Answers['queued'] };
    }
    case 'append':
      return durable(space, () => note(space, asked.record));
    case 'read':
      return read(peer, space, asked);
    case 'letters':
      return letters(space, asked);
    case 'replay':
      return { header: await replay(space, asked.letters) };
    case 'drop': {
      const known = [...new Set(asked.letters)].filter((letter) => space.state.letters.has(Number(letter)));
      for (const letter of known) space.state.letters.delete(Number(letter));
      return durable(space, () => known.length > 0 && space.write('o', idsText(known.map(Number))), { done: known });
    }
    case 'states':
      return { header: { states: space.state.runStates() } };
    case 'halt':
      return durable(space, () => {
        if (space.state.run(asked.runId).halted !== asked.reason) note(space, asked.record);
      });
    case 'resume':
      return { header: await resume(space, asked) };
    case 'forget':
      return { header: await forget(space, asked.runId) };
    case 'depth':
      return { header: space.depth() satisfies Answers['depth'] };
    case 'capacity':
      return { header: await capacity(space) };
    case 'put':
      return durable(space, () => (asked.into === 'log' ? putRecord(space, body) : putTask(space, body)));
    case 'pending':
      return { header: { pending: pending(space) } satisfies Answers['pending'] };
    case 'purge': {
      const chunks = space.state.queue.clear();
      return durable(space, () => space.write('z', '-'), { chunks });
    }
  }
}

async function durable(space: Space, change: () => unknown, header: object = {}): Promise<Given> {
  change();
  await space.journal.durable();
  return { header };
}

function note(space: Space, record: Wire): void {
  space.state.note(record);
  space.write('r', JSON.stringify(record));
}

async function publish(peer: Asker, space: Space, asked: Of<'publish'>, body: Buffer): Promise<Answers['publish']> {
  const { token, listedTo, window, template } = asked;
  const { state, seeder } = space;
  if (!seeder.take(token, peer, listedTo)) return {};
  const before = state.windows.token === token ? state.windows.counts.get(window) : undefined;
  let published = before ?? 0;
  if (before === undefined) {
    const all = JSON.parse(body.toString()) as Row[];
    const rows = seeder.unqueued(template, all);
    const number = space.numberOf(template);
    const known = state.templates.get(number) as Template;
    const first = state.nextId;
    const text = rows.length === all.length ? body : Buffer.from(JSON.stringify(rows));
    space.writeLong(`q ${number} ${token} ${window} ${first} `, text);
    rows.forEach((row, i) => state.addRow(first + i, known, row));
    state.addWindow(token, window, first, rows.length);
    published = rows.length;
    space.serve();
  }
  await space.journal.durable();
  return { published };
}

async function resume(space: Space, { runId, record }: Of<'resume'>): Promise<Answers['resume']> {
  const { queue } = space.state;
  if (space.state.run(runId).halted) note(space, record);
  const back = [...queue.parked.values()].filter(({ template }) => template['run_id'] === runId);
  if (back.length > 0) space.write('v', idsText(back.map(({ id }) => id)));
  for (const entry of back) queue.unpark(entry);
  space.serve();
  await space.journal.durable();
  return { chunks: back.length };
}
