/** The run as one sees it: in a terminal one block that stays in place, elsewhere a line a second. */
import { createLogUpdate } from 'log-update';
import { chalk } from 'zx';
import type { Depth } from '../../core/broker/port.js';
import type { Progress } from './monitor.js';
import { plural } from '../../core/runtime/words.js';

const BAR = 40;

export interface LiveView {
  show(progress: Progress): void;
  /** Something that happened, which stays on the screen. */
  note(line: string): void;
  /** Leaves the last state where it is. */
  end(): void;
}

/** @param stream standard output */
export function openLiveView(stream: NodeJS.WriteStream): LiveView {
  return stream.isTTY ? terminalView(stream) : plainView((line) => void stream.write(`${line}\n`));
}

function terminalView(stream: NodeJS.WriteStream): LiveView {
  const update = createLogUpdate(stream, { showCursor: true });
  const notes: string[] = [];
  let last: Progress | undefined;
  const draw = (): void => update([...(last ? blockOf(last) : []), ...notes].join('\n'));
  return {
    show: (progress) => {
      last = progress;
      draw();
    },
    note: (line) => {
      notes.push(`${chalk.yellow('fault')}     ${line}`);
      draw();
    },
    end: () => update.done(),
  };
}

export function plainView(print: (line: string) => void): LiveView {
  return {
    show: (progress) => print(plainLine(progress)),
    note: (line) => print(`fault: ${line}`),
    end: () => undefined,
  };
}

/** Bar, rate and estimate; the queue; the workers. */
export function blockOf({ runId, total, done, dead, rate, etaSeconds, depth, workers }: Progress): string[] {
  if (total === 0) return [`${chalk.bold(runId)}  not seeded yet`, `workers   ${workers}`];
  const share = (done + dead) / total;
  const filled = Math.floor(share * BAR);
  const bar = chalk.green('█'.repeat(filled)) + chalk.dim('░'.repeat(BAR - filled));
  const pace = [
    `${number(done + dead)} of ${number(total)}`,
    ...(rate === null ? [] : [`${number(Math.round(rate))}/s`]),
    ...(etaSeconds === null || share === 1 ? [] : [`${durationText(etaSeconds)} left`]),
    ...(dead > 0 ? [chalk.red(`${number(dead)} dead`)] : []),
  ];
  return [
    `${chalk.bold(runId)}  ${bar} ${(share * 100).toFixed(1).padStart(5)} %   ${pace.join('   ')}`,
    ...(depth ? [`queue     ${queueText(depth)}`] : []),
    `workers   ${workers}`,
  ];
}

export function plainLine({ runId, total, done, dead, rate, etaSeconds, depth, workers }: Progress): string {
  if (total === 0) return `${runId}: not seeded yet, ${plural(workers, 'worker')}`;
  const parts = [
    `${(((done + dead) / total) * 100).toFixed(1)} %`,
    `${done} of ${total}${dead > 0 ? `, ${dead} dead` : ''}`,
    ...(rate === null ? [] : [`${Math.round(rate)}/s`]),
    ...(etaSeconds === null ? [] : [`${durationText(etaSeconds)} left`]),
    ...(depth ? [`queue: ${queueText(depth)}`] : []),
    `workers: ${workers}`,
  ];
  return `${runId}: ${parts.join(', ')}`;
}

function queueText({ ready, leased, delayed, dead, parked }: Depth): string {
  const counts = [`${number(ready)} waiting`, `${number(leased)} computing`];
  if (delayed > 0) counts.push(`${number(delayed)} delayed`);
  if (dead > 0) counts.push(`${number(dead)} dead`);
  if (parked > 0) counts.push(`${number(parked)} parked`);
  return counts.join(' · ');
}

function number(value: number): string {
  return value.toLocaleString('en');
}

/** `17 s`, `12 min` or `3 h 20 min`. */
export function durationText(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
