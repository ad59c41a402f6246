/** What each question does, and its answer. Whatever changes the log is durable before it is answered. */
import { readFile, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { totalmem } from 'node:os';
import { asError, ProtocolError } from '../../../runtime/errors.js';
import { decodeChunk, encodeChunk } from '../../../wire/chunk-codec.js';
import type { Wire } from '../../../wire/records.js';
import { deathOf, idsText, linesOf } from '../lines.js';
import type { Answers, Asked, Question, Row, Rows, Template } from '../protocol.js';
import type { Peer } from './peer.js';
import type { Entry } from './queue.js';
import { settle } from './settle.js';
import type { Space } from './space.js';
import { placeOf } from './state.js';

type Of<Op extends Question['op']> = Extract<Asked, { op: Op }>;
interface Given {
  readonly header: object;
  readonly body?: Buffer;
}

/** Bytes of the log, and chunks of the queue, in one answer. */
const PAGE_BYTES = 1 << 20;
const PAGE_CHUNKS = 2000;
const PAGE_LETTERS = 100;

/** Numbers of file systems that are memory: tmpfs and ramfs of Linux. */
const IN_MEMORY = [0x01021994, 0x858458f6];

/** @returns undefined where nothing is to be answered */
export async function answer(peer: Peer, space: Space, asked: Asked, body: Buffer): Promise<Given | undefined> {
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
    case 'depth':
      return { header: space.depth() satisfies Answers['depth'] };
    case 'capacity':
      return { header: await capacity(space) };
    case 'put':
      return durable(space, () => (asked.into === 'log' ? putRecord(space, body) : putTask(space, body)));
    case 'pending': {
      const held = [...space.state.queue.entries.values()].filter(({ holder }) => holder !== undefined);
      const pending = held.map(({ id, holder, failed }) => ({
        id: String(id),
        consumer: holder?.name ?? '',
        deliveries: failed + 1,
      }));
      return { header: { pending } satisfies Answers['pending'] };
    }
    case 'purge': {
      const chunks = space.state.queue.clear();
      return durable(space, () => space.write('z', '-'), { chunks });
    }
    default:
      throw new Error(`there is no ${asked.op}`);
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

function receive(peer: Peer, space: Space, { n, max, waitMs }: Of<'receive'>): Promise<Entry[]> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let stop: (() => void) | undefined;
    const take = (entries: Entry[]): void => {
      clearTimeout(timer);
      peer.waits.delete(n);
      stop?.();
      resolve(entries);
    };
    peer.waits.set(n, () => take([]));
    stop = space.receive({ holder: peer, max, take });
    if (!peer.waits.has(n)) return;
    if (waitMs > 0 && !peer.gone.signal.aborted) timer = setTimeout(() => take([]), waitMs);
    else take([]);
  });
}

function rowsOf(entries: readonly Entry[]): Rows {
  const places = new Map<Template, number>();
  const rows: (number | string)[] = [];
  for (const { id, failed, template, chunkId, start, end } of entries) {
    let place = places.get(template);
    if (place === undefined) places.set(template, (place = places.size));
    rows.push(id, failed + 1, place, chunkId, start, end);
  }
  return { templates: [...places.keys()], rows };
}

async function publish(peer: Peer, space: Space, asked: Of<'publish'>, body: Buffer): Promise<Answers['publish']> {
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

/** What was appended when the question came is shown, once it is on the disk. */
async function read(peer: Peer, space: Space, { n, from, waitMs }: Of<'read'>): Promise<Given> {
  const { journal } = space;
  await journal.durable();
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

async function letters(space: Space, { after }: Of<'letters'>): Promise<Given> {
  await space.journal.durable();
  const all = [...space.state.letters].filter(([number]) => number > after).sort(([a], [b]) => a - b);
  const page = all.slice(0, PAGE_LETTERS);
  const lines = await Promise.all(page.map(([, { offset, length }]) => space.journal.readAt(offset, length)));
  const header = { letters: page.map(([number]) => number), more: all.length > page.length };
  return { header: header satisfies Answers['letters'], body: Buffer.concat(lines) };
}

async function replay(space: Space, ids: readonly string[]): Promise<Answers['replay']> {
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

/** As another program would put it into a queue: what is no chunk is a dead letter at once. */
function putTask(space: Space, bytes: Buffer): void {
  try {
    const [[id, wire] = [0, {}]] = space.queue([encodeChunk(decodeChunk(JSON.parse(bytes.toString())))]);
    // A line for new chunks, of which no chunk was the origin.
    space.write('x', `0 0 ${JSON.stringify([[id, wire]])}`);
    space.serve();
  } catch (thrown) {
    if (!(thrown instanceof ProtocolError || thrown instanceof SyntaxError)) throw thrown;
    const letter = {
      raw: bytes.toString('base64'),
      error: asError(thrown).message,
      failed_at: new Date().toISOString(),
    };
    const number = space.state.nextLetter;
    const payload = `${number} ${JSON.stringify(letter)}`;
    const offset = space.write('u', payload);
    const place = placeOf({ offset, length: 9 + 2 + Buffer.byteLength(payload) + 1 });
    space.state.addLetter(number, { ...place, runId: undefined, parameters: 0 });
  }
}

function putRecord(space: Space, bytes: Buffer): void {
  space.write('a', bytes.toString('base64'));
}

async function capacity(space: Space): Promise<Answers['capacity']> {
  const dir = dirname(space.journal.path);
  const { bavail, bsize, type } = await statfs(dir);
  return {
    memoryUsed: process.memoryUsage.rss(),
    memoryLimit: await memoryLimit(),
    diskLimit: bavail * bsize + space.journal.end,
    inMemory: process.platform === 'linux' && IN_MEMORY.includes(type),
    dir,
  };
}

/** Of the machine, or of the container that this is. */
async function memoryLimit(): Promise<number> {
  const text = await readFile('/sys/fs/cgroup/memory.max', 'utf8').catch(() => '');
  return Math.min(totalmem(), Number.parseInt(text, 10) || Infinity);
}
