/** The log as anyone reads it: from its first record on, page by page. */
import type { LogEntry } from '../../wire/records.js';
import { ConnectionLost } from './failure.js';
import { linesOf, logEntryOf } from './lines.js';
import type { Link } from './link.js';
import type { Answer } from './session.js';

/** As often a follower asks again though nothing has come. */
const WAIT_MS = 10_000;

/** @param follow after the last record go on waiting for more until this aborts */
export async function* readRecords(link: Link, follow?: AbortSignal): AsyncGenerator<LogEntry> {
  for (let from = 0; !follow?.aborted;) {
    const page = await nextPage(link, from, follow);
    if (!page) return;
    for (const line of linesOf(page.body, from)) {
      const entry = logEntryOf(line);
      if (entry) yield entry;
      if (follow?.aborted) return;
    }
    from = page.header.next;
    if (page.header.end && !follow) return;
  }
}

/** undefined where nobody follows any more. */
async function nextPage(link: Link, from: number, follow?: AbortSignal): Promise<Answer<'read'> | undefined> {
  if (!follow) return link.ask<'read'>({ op: 'read', from, waitMs: 0 });
  let stop: (() => void) | undefined;
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    follow.addEventListener('abort', stop, { once: true });
  });
  try {
    for (;;) {
      const session = await Promise.race([link.session(), stopped]);
      if (!session) return undefined;
      const n = session.next;
      try {
        const answer = session.ask<'read'>({ op: 'read', from, waitMs: WAIT_MS });
        // Left behind where the follower stops.
        answer.catch(() => undefined);
        const page = await Promise.race([link.untilGivenUp(answer), stopped]);
        if (!page) session.cancel(n);
        return page;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        if (link.closed) return undefined;
      }
    }
  } finally {
    if (stop) follow.removeEventListener('abort', stop);
  }
}
