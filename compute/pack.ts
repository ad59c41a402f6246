/**
 * Batches as they cross between the threads: columns of numbers and texts, which cost a fifth of a clone of objects.
 */
import type { Outcome } from './executor.js';
import type { PackedOutcomes, PackedTasks, Task } from './protocol.js';

const TASK = 5;
const NUMBERS = 7;
const DIGEST = 32;

export function packTasks(tasks: readonly Task[]): PackedTasks {
  const computations: string[] = [];
  const numbers = new Float64Array(tasks.length * TASK);
  let at = 0;
  for (const { index, start, end, computation, keepValues } of tasks) {
    let name = computations.indexOf(computation);
    if (name < 0) name = computations.push(computation) - 1;
    numbers[at++] = index;
    numbers[at++] = start;
    numbers[at++] = end;
    numbers[at++] = name;
    numbers[at++] = keepValues ? 1 : 0;
  }
  return { computations, numbers };
}

export function unpackTasks({ computations, numbers }: PackedTasks): Task[] {
  const tasks: Task[] = [];
  for (let at = 0; at < numbers.length; at += TASK) {
    const computation = computations[numbers[at + 3] as number] as string;
    tasks.push({
      index: numbers[at] as number,
      start: numbers[at + 1] as number,
      end: numbers[at + 2] as number,
      computation,
      keepValues: numbers[at + 4] === 1,
    });
  }
  return tasks;
}

export function packOutcomes(outcomes: readonly Outcome[]): PackedOutcomes {
  const numbers = new Float64Array(outcomes.length * NUMBERS);
  const sums: string[] = [];
  const times: string[] = [];
  const timeAt = (time: string): number => (times.at(-1) === time ? times.length : times.push(time)) - 1;
  let digests = '';
  const others: Outcome[] = [];
  let at = 0;
  for (const outcome of outcomes) {
    if (!('computed' in outcome) || outcome.computed.values) {
      others.push(outcome);
      continue;
    }
    const { summary, digest, startedAt, completedAt, durationSeconds } = outcome.computed;
    numbers[at++] = outcome.index;
    sums.push(summary.sum);
    numbers[at++] = summary.count;
    numbers[at++] = summary.min;
    numbers[at++] = summary.max;
    numbers[at++] = durationSeconds;
    numbers[at++] = timeAt(startedAt);
    numbers[at++] = timeAt(completedAt);
    digests += digest;
  }
  return { numbers: numbers.subarray(0, at), digests, sums, times, others };
}

/** In the order of their indexes. */
export function unpackOutcomes({ numbers, digests, sums, times, others }: PackedOutcomes): Outcome[] {
  const outcomes: Outcome[] = [];
  for (let i = 0; i * NUMBERS < numbers.length; i++) {
    const n = i * NUMBERS;
    outcomes.push({
      index: numbers[n] as number,
      computed: {
        summary: {
          sum: sums[i] as string,
          count: numbers[n + 1] as number,
          min: numbers[n + 2] as number,
          max: numbers[n + 3] as number,
        },
        digest: digests.slice(i * DIGEST, (i + 1) * DIGEST),
        durationSeconds: numbers[n + 4] as number,
        startedAt: times[numbers[n + 5] as number] as string,
        completedAt: times[numbers[n + 6] as number] as string,
      },
    });
  }
  return others.length === 0 ? outcomes : [...outcomes, ...others].sort((a, b) => a.index - b.index);
}
