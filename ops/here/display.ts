/**
 * What a run shows while it goes on: in a terminal one block that stays in place, with what happens above it; elsewhere
 * plain lines, few of them. It goes to standard error: standard output is for the verdict.
 */
import { createLogUpdate } from 'log-update';
import { chalk } from 'zx';
import { blockOf, plainLine } from '../demo/live.js';
import type { Progress } from '../demo/monitor.js';

/** Lines that are not shown in place come so far apart at first, and then twice as far each time, up to the last. */
const FIRST_MS = 1000;
const LAST_MS = 30_000;
/** Failures that are shown one by one. The rest is counted in the bar, and named by the verdict and the joblog. */
const MOST_FAILURES = 20;

export interface Display {
  show(progress: Progress): void;
  /** Something that happened, which stays on the screen. */
  note(line: string): void;
  failure(line: string): void;
  /** Leaves the last state where it is. */
  end(): void;
}

/** @param now milliseconds of a monotonic clock */
export function openDisplay(stream: NodeJS.WriteStream, now: () => number = () => performance.now()): Display {
  // A terminal of no height shows nothing in place.
  const base = stream.isTTY && stream.rows > 0 ? inPlace(stream) : lines((line) => void stream.write(`${line}\n`), now);
  let failures = 0;
  return {
    ...base,
    failure: (line) => {
      failures++;
      if (failures <= MOST_FAILURES) base.note(`${chalk.red('failed')}  ${line}`);
      if (failures === MOST_FAILURES)
        base.note('further failures are counted, and named by --joblog and `ttg dlq list`');
    },
  };
}

type Base = Omit<Display, 'failure'>;

function inPlace(stream: NodeJS.WriteStream): Base {
  const update = createLogUpdate(stream, { showCursor: true });
  let last = '';
  return {
    show: (progress) => update((last = blockOf(progress).join('\n'))),
    note: (line) => {
      update.clear();
      stream.write(`${line}\n`);
      if (last !== '') update(last);
    },
    end: () => {
      last = '';
      update.done();
    },
  };
}

/** @param print without the newline */
export function lines(print: (line: string) => void, now: () => number): Base {
  let wait = FIRST_MS;
  let next = now() + FIRST_MS;
  let last = '';
  let shown = '';
  return {
    show: (progress) => {
      last = plainLine(progress);
      if (now() < next) return;
      print((shown = last));
      wait = Math.min(LAST_MS, wait * 2);
      next = now() + wait;
    },
    note: print,
    end: () => {
      if (last !== shown) print(last);
      shown = last;
    },
  };
}
