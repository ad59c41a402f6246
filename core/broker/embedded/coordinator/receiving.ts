/** Work for who asks: at once, when there is some, or none when the wait is over. */
import type { Asked, Rows, Template } from '../protocol.js';
import type { Asker } from './asker.js';
import type { Entry } from './queue.js';
import type { Receiver, Space } from './space.js';

export function receive(
  peer: Asker,
  space: Space,
  { n, max, waitMs }: Extract<Asked, { op: 'receive' }>,
): Promise<Entry[]> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const take = (entries: Entry[]): void => {
      clearTimeout(timer);
      peer.waits.delete(n);
      space.forget(receiver);
      resolve(entries);
    };
    const receiver: Receiver = { holder: peer, max, take };
    peer.waits.set(n, () => take([]));
    space.receive(receiver);
    if (!peer.waits.has(n)) return;
    if (waitMs > 0 && !peer.gone.signal.aborted) timer = setTimeout(() => take([]), waitMs);
    else take([]);
  });
}

export function rowsOf(entries: readonly Entry[]): Rows {
  const places = new Map<Template, number>();
  const rows: (number | string)[] = [];
  for (const { id, failed, template, chunkId, start, end } of entries) {
    let place = places.get(template);
    if (place === undefined) places.set(template, (place = places.size));
    rows.push(id, failed + 1, place, chunkId, start, end);
  }
  return { templates: [...places.keys()], rows };
}
