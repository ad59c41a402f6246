/** A batch of settlements, each checked against its lease and then done: one line of the log for each. */
import type { SettleItem } from '../protocol.js';
import type { Asker } from './asker.js';
import type { Entry } from './queue.js';
import type { Space } from './space.js';
import { placeOf, wireOf } from './state.js';

/**
 * @param records a line for each completion
 * @returns for each item whether the lease was held; what it wrote is durable once the journal says so
 */
export function settle(space: Space, holder: Asker, items: readonly SettleItem[], records: Buffer): (0 | 1)[] {
  let from = 0;
  const done = items.map((item) => {
    let record: Buffer | undefined;
    if (item[0] === 'complete') {
      const end = records.indexOf(10, from);
      record = records.subarray(from, end);
      from = end + 1;
    }
    const entry = space.state.queue.leased(holder, item[1], item[2]);
    if (!entry) return 0;
    settleOne(space, entry, item, record, holder.retryMs);
    return 1;
  });
  space.serve();
  return done;
}

function settleOne(space: Space, entry: Entry, item: SettleItem, record: Buffer | undefined, retryMs: number): void {
  const { state } = space;
  const { queue } = state;
  const [verb, id, attempt] = item;
  if (verb !== 'retry' && verb !== 'release') state.settled.add(id, attempt);
  switch (item[0]) {
    case 'complete': {
      queue.remove(entry);
      if (!item[3]) {
        space.writeLong(`c ${id} ${attempt} `, record as Buffer);
        return;
      }
      const rest = Buffer.from(JSON.stringify(space.queue(item[3])));
      space.writeLong(`p ${id} ${attempt} ${rest.length} `, Buffer.concat([rest, Buffer.from(' '), record as Buffer]));
      return;
    }
    case 'split':
      queue.remove(entry);
      space.write('x', `${id} ${attempt} ${JSON.stringify(space.queue(item[3]))}`);
      return;
    case 'dead-letter': {
      queue.remove(entry);
      const [, , , record, letter] = item;
      const number = state.nextLetter;
      const line = Buffer.from(JSON.stringify({ record, chunk: wireOf(entry), letter }));
      const start = `d ${id} ${attempt} ${number} `;
      const offset = space.writeLong(start, line);
      const runId = entry.template['run_id'] as string;
      // Checksum, space and newline.
      const place = placeOf({ offset, length: 9 + start.length + line.length + 1 });
      state.addLetter(number, { ...place, runId, parameters: entry.end - entry.start + 1 });
      return;
    }
    case 'retry':
      return space.fail([entry], performance.now() + Math.max(1, retryMs));
    case 'release':
      space.write('b', String(id));
      return queue.giveBack(entry);
    case 'park':
    case 'discard': {
      // The run goes on, which its worker has not heard yet. A moment later it will have.
      if (!state.run(entry.template['run_id'] as string).halted) {
        space.write('b', String(id));
        return queue.delay(entry, performance.now() + retryMs);
      }
      space.write(item[0] === 'park' ? 'k' : 'g', String(id));
      return item[0] === 'park' ? queue.park(entry) : queue.remove(entry);
    }
  }
}
