/** What an operator puts in past the port, and what the coordinator tells of itself. */
import { readFile, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname } from 'node:path';
import { asError, ProtocolError } from '../../../runtime/errors.js';
import { decodeChunk, encodeChunk } from '../../../wire/chunk-codec.js';
import type { Answers } from '../protocol.js';
import type { Space } from './space.js';
import { placeOf } from './state.js';

/** Numbers of file systems that are memory: tmpfs and ramfs of Linux. */
const IN_MEMORY = [0x01021994, 0x858458f6];

/** As another program would put it into a queue: what is no chunk is a dead letter at once. */
export function putTask(space: Space, bytes: Buffer): void {
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

export function putRecord(space: Space, bytes: Buffer): void {
  space.write('a', bytes.toString('base64'));
}

/** Who holds what. */
export function pending(space: Space): Answers['pending']['pending'] {
  const held = [...space.state.queue.entries.values()].filter(({ holder }) => holder !== undefined);
  return held.map(({ id, holder, failed }) => ({
    id: String(id),
    consumer: holder?.name ?? '',
    deliveries: failed + 1,
  }));
}

export async function capacity(space: Space): Promise<Answers['capacity']> {
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
