/** The log of a run whose coordinator has ended: read from its file, without a lock and without changing anything. */
import { open } from 'node:fs/promises';
import type { LogEntry } from '../../wire/records.js';
import { isIntact, linesOf, logEntryOf } from './lines.js';

const BLOCK = 4 << 20;

/**
 * Up to the first line that is not whole: the end of the file, or what a loss of power left there.
 * @param path the coordinator's `<queue prefix>.journal`
 */
export async function* readLogFile(path: string): AsyncGenerator<LogEntry> {
  const file = await open(path, 'r');
  try {
    let block = BLOCK;
    for (let from = 0; ;) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(block), 0, block, from);
      const bytes = buffer.subarray(0, bytesRead);
      let end = 0;
      for (const line of linesOf(bytes, from)) {
        const start = line.offset - from;
        end = start + line.length;
        if (!isIntact(bytes.subarray(start, end - 1))) return;
        const entry = logEntryOf(line);
        if (entry) yield entry;
      }
      if (end === 0 && bytesRead < block) return;
      from += end;
      // A line longer than the block.
      block = end === 0 ? block * 4 : BLOCK;
    }
  } finally {
    await file.close();
  }
}
