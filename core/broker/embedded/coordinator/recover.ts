/** Reads a log from its start: every line into the state, and a torn end cut off. */
import { ConfigError } from '../../../runtime/errors.js';
import type { Logger } from '../../../runtime/logger.js';
import { FIRST_LINE, isIntact, linesOf, type Line } from '../lines.js';
import type { Disk } from './disk.js';

const BLOCK = 4 << 20;

/**
 * The last bytes may be torn: power went, or the process was killed in the middle of a write. They were confirmed to
 * nobody, and are cut off. A damaged line before what a later mark says to have been on the disk is something else.
 *
 * @param apply gets each intact line
 * @returns the size of the file, all of it intact lines on the disk
 * @throws ConfigError where something in the middle is damaged, or the file is no log of ours: nothing is changed then
 */
export async function recover(path: string, disk: Disk, apply: (line: Line) => void, log: Logger): Promise<number> {
  const size = await disk.size();
  await checkFirst(path, disk, size);
  let intact = 0;
  await eachLine(disk, size, 0, (line, whole) => {
    if (!whole) return false;
    apply(line);
    intact = line.offset + line.length;
    return true;
  });
  if (intact < size) {
    if (await isConfirmed(disk, size, intact))
      throw new ConfigError(
        `the log ${path} is damaged at byte ${intact}, before what was confirmed: the disk or somebody else changed ` +
          'it. Restore the file from a copy, or move it away and start the run anew',
      );
    await disk.truncate(intact);
    log.warn({ file: path, bytes: size - intact, kept: intact }, 'the end of the log was torn, and is cut off');
  }
  // What was written and not synced, and read here, may be told to others from now on.
  await disk.sync();
  return intact;
}

/** What was never a log is not cut off. A first line that is torn itself is a part of it, or zeros. */
async function checkFirst(path: string, disk: Disk, size: number): Promise<void> {
  const into = Buffer.alloc(Math.min(size, FIRST_LINE.length));
  await disk.read(into, 0);
  if (into.equals(FIRST_LINE.subarray(0, into.length)) || into.every((byte) => byte === 0)) return;
  throw new ConfigError(
    `${path} is no log of this version of TTG (it begins with ${JSON.stringify(into.toString('latin1'))}): move it away, ` +
      'or take another directory',
  );
}

/** Whether a mark behind the damage says that the damaged bytes were on the disk. */
async function isConfirmed(disk: Disk, size: number, damaged: number): Promise<boolean> {
  let confirmed = false;
  await eachLine(disk, size, damaged, ({ kind, payload }, whole) => {
    confirmed ||= whole && kind === 's' && Number(payload.toString('latin1')) > damaged;
    return !confirmed;
  });
  return confirmed;
}

/** Up to the last newline, or until `see` says no. Not a generator: there are millions of lines. */
async function eachLine(
  disk: Disk,
  size: number,
  from: number,
  see: (line: Line, whole: boolean) => boolean,
): Promise<void> {
  let block = BLOCK;
  while (from < size) {
    const into = Buffer.allocUnsafe(Math.min(block, size - from));
    const bytes = into.subarray(0, await disk.read(into, from));
    let end = 0;
    for (const line of linesOf(bytes, from)) {
      const start = line.offset - from;
      end = start + line.length;
      if (!see(line, isIntact(bytes.subarray(start, end - 1)))) return;
    }
    // What is left has no newline: no whole line.
    if (end === 0 && from + bytes.length >= size) return;
    from += end;
    // A line longer than the block.
    block = end === 0 ? block * 4 : BLOCK;
  }
}
