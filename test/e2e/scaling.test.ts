/**
 * Scaling that wastes nothing: over whole runs, as many workers as the rule needs, each with work, none started in
 * vain.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually, holds } from '../support/wait.js';
import { WorkerObserver } from './support/observer.js';
import { OUT } from './support/place.js';
import { Release } from './support/release.js';

/** As old as RabbitMQ's count of unacknowledged chunks may be by default, and a look of KEDA at it. */
const BEHIND_MS = 7000;

interface Shape {
  readonly chunks: number;
  readonly chunksPerWorker: number;
  readonly maxReplicas: number;
  readonly values: readonly string[];
}

interface Run {
  readonly pods: ReadonlyMap<string, number>;
  readonly peakJobs: number;
  /** By worker. */
  readonly chunks: ReadonlyMap<string, number>;
  readonly lastStartedAt: number;
  readonly reasons: readonly string[];
  /** For who reads a failure: each pod, when it was seen first, its chunks and why it left. */
  readonly story: string;
}

/** What the rule needs at most: unfinished chunks only become fewer. */
const needed = ({ chunks, chunksPerWorker, maxReplicas }: Shape): number =>
  Math.min(maxReplicas, Math.ceil(chunks / chunksPerWorker));

/** Watches a run from `helm install` to zero pods, and for as long as a scaler that is behind might start another. */
async function observe(name: string, backend: string, shape: Shape): Promise<Run> {
  await using release = await Release.in(`e2e-scaling-${name}-${backend}`);
  const sets = [
    `run.totalParameters=${shape.chunks}`,
    'run.chunkSize=1',
    `worker.chunksPerWorker=${shape.chunksPerWorker}`,
    `worker.maxReplicas=${shape.maxReplicas}`,
    'worker.successfulJobsHistoryLimit=100',
  ].flatMap((pair) => ['--set', pair]);
  const installed = await release.helm(
    'install',
    'ttg',
    './chart',
    '-f',
    `values/small-${backend}.yaml`,
    ...sets,
    ...shape.values,
  );
  expect(installed.status, installed.output).toBe(0);
  await using observer = new WorkerObserver(release);
  const tested = await release.helm('test', 'ttg', '--logs', '--timeout', '300s');
  expect(tested.status, tested.output).toBe(0);
  await eventually(
    () => observer.pods.size > 0 && Date.now() - observer.lastActiveAt > 1000,
    60_000,
    'zero worker pods',
  );
  const pods = observer.pods.size;
  await holds(() => observer.pods.size === pods, BEHIND_MS, 'no pod is started once the last has gone');

  const chunks = new Map<string, number>();
  let lastStartedAt = 0;
  await release.withBroker(async (broker) => {
    for await (const entry of broker.records()) {
      if (!('record' in entry) || entry.record.kind !== 'result') continue;
      chunks.set(entry.record.workerId, (chunks.get(entry.record.workerId) ?? 0) + 1);
      lastStartedAt = Math.max(lastStartedAt, Date.parse(entry.record.startedAt));
    }
  });
  const leaves = await Promise.all(
    [...observer.pods].map(async ([pod, seenAt]) => {
      const { output } = await release.kubectl('logs', pod);
      const [line, reason = 'unknown'] = /.*worker leaves reason="?([^"\n]+).*/.exec(output) ?? [];
      const seen = new Date(seenAt).toISOString();
      return {
        reason,
        story: `${pod}, seen at ${seen}, ${chunks.get(pod) ?? 0} chunks: ${line ?? output.slice(-500)}`,
      };
    }),
  );
  release.passed();
  const reasons = leaves.map(({ reason }) => reason);
  const last = `the last chunk was started at ${new Date(lastStartedAt).toISOString()}`;
  const story = [`${name} over ${backend}:`, ...leaves.map((leave) => leave.story), last].join('\n  ');
  console.log(story);
  return { pods: observer.pods, peakJobs: observer.peakJobs, chunks, lastStartedAt, reasons, story };
}

const evenRuns: Array<[string, Shape]> = [
  [
    'chunks of a second',
    { chunks: 60, chunksPerWorker: 10, maxReplicas: 10, values: ['--set', 'computation.simulateWorkMs=1000'] },
  ],
  [
    'chunks of 10 ms',
    { chunks: 3000, chunksPerWorker: 1000, maxReplicas: 10, values: ['--set', 'computation.simulateWorkMs=10'] },
  ],
];

describe.each(evenRuns)('a run of %s', (title, shape) => {
  test.concurrent.each(['redis', 'rabbitmq'])(
    'over %s: as many workers as the rule needs, each computes, none comes when all is taken',
    async (backend) => {
      const run = await observe(title.replaceAll(' ', '-'), backend, shape);
      expect(run.pods.size, run.story).toBeLessThanOrEqual(needed(shape));
      expect(run.peakJobs, run.story).toBeLessThanOrEqual(needed(shape));
      expect(
        [...run.pods.keys()].filter((pod) => !run.chunks.has(pod)),
        `pods without a record: ${run.story}`,
      ).toEqual([]);
      expect(
        [...run.pods].filter(([, seenAt]) => seenAt > run.lastStartedAt),
        `pods started after the last chunk was: ${run.story}`,
      ).toEqual([]);
      expect(run.reasons.filter((reason) => reason !== 'drained' && reason !== 'others finish the rest')).toEqual([]);
    },
  );
});

describe('a run whose last chunks turn out slow', () => {
  const fast = 20_000;
  const slow = 120;
  const module = join(OUT, 'slow-tail.mjs');
  const text = `export const decimals = 0;\nexport async function compute(i) {\n  if (i >= ${fast}) await new Promise((resolve) => setTimeout(resolve, 100));\n  return i;\n}\n`;
  const shape: Shape = {
    chunks: fast + slow,
    chunksPerWorker: 10,
    maxReplicas: 3,
    values: ['--set', 'computation.simulateWorkMs=0', '--set-file', `computation.source=${module}`],
  };

  // Whoever comes first finishes the fast chunks and may hold all slow ones: the others, started before, find nothing.
  // They stay, since the many unfinished chunks would make KEDA start pods in their place, over and over.
  test.concurrent.each(['redis', 'rabbitmq'])(
    'over %s: workers that wait beside a busy one are not replaced in circles',
    async (backend) => {
      mkdirSync(OUT, { recursive: true });
      writeFileSync(module, text);
      const run = await observe('slow-tail', backend, shape);
      expect(run.pods.size, run.story).toBeLessThanOrEqual(shape.maxReplicas);
      expect(
        [...run.pods].filter(([, seenAt]) => seenAt > run.lastStartedAt),
        `pods started after the last chunk was: ${run.story}`,
      ).toEqual([]);
    },
  );
});
