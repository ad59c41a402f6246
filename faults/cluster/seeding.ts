/** Faults in the middle of the seeding: of the seeder, of the broker, and two seeders at once. */
import type { V1JobSpec } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { arm, signalScript } from '../../ops/cluster/exec.js';
import { seederEnded, logOf, nameOf, podsOf } from '../../ops/cluster/pods.js';
import { jobsOf } from '../../ops/cluster/release.js';
import { Stop } from '../../ops/script/stop.js';
import type { Rng } from '../rng.js';
import type { ClusterStage, ClusterFault as Fault } from './stage.js';

/** Many chunks without work: about a third of a second of publishing, and drained in seconds. */
const run = (backend: ClusterStage['backend']) => ({
  TOTAL_PARAMETERS: backend === 'redis' ? '60000' : '10000',
  CHUNK_SIZE: '1',
  SIMULATE_WORK_MS: '0',
});

const WAITING = 'another seeder is at work';

const LOOK_MS = 5;

/**
 * The seeder of the real run, held back before it publishes: a first run of one chunk brings the broker up, then the
 * right to publish is taken from here, and an upgrade starts the seeder, which waits for it.
 */
async function pauseSeeders(
  stage: ClusterStage,
  seeders: number = 1,
): Promise<{ pods: string[]; resume: () => Promise<void> }> {
  await stage.deploy({ RUN_ID: 'warm-up', TOTAL_PARAMETERS: '1', CHUNK_SIZE: '1' });
  await stage.connect();
  await seederEnded(stage.where, stage.until);
  const lock = await stage.observer.seeding();
  try {
    await stage.deploy();
    for (let n = 1; n < seeders; n++) await secondSeeder(stage);
    const pods = await stage.until(async () => {
      const waiting = [];
      for (const pod of await podsOf(stage.where, 'seeder')) {
        if (pod.status?.phase === 'Running' && (await logOf(stage.where, nameOf(pod))).includes(WAITING))
          waiting.push(nameOf(pod));
      }
      return waiting.length === seeders && waiting;
    }, `${seeders} seeders waiting for the right to publish`);
    return { pods, resume: () => Promise.resolve(lock[Symbol.asyncDispose]()) };
  } catch (thrown) {
    await lock[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** A second Job with the very spec of the first. */
async function secondSeeder({ where }: ClusterStage) {
  const [job] = await jobsOf(where, 'seeder');
  const { selector: _, template, ...spec } = job?.spec ?? ({} as V1JobSpec);
  const labels = Object.fromEntries(
    Object.entries(template?.metadata?.labels ?? {}).filter(([key]) => !/controller-uid|job-name/.test(key)),
  );
  await where.kube.batch.createNamespacedJob({
    namespace: where.namespace,
    body: {
      metadata: { name: `${job?.metadata?.name?.slice(0, 50)}-second`, labels: job?.metadata?.labels ?? {} },
      spec: { ...spec, manualSelector: false, template: { ...template, metadata: { ...template?.metadata, labels } } },
    },
  });
}

/** Lets the seeder go, and resolves when a share of the chunks is in the queue and the rest is not. */
async function untilPublishing(stage: ClusterStage, paused: { resume: () => Promise<void> }, rng: Rng) {
  await using raw = await stage.raw();
  const most = stage.chunks * (0.05 + 0.2 * rng());
  await paused.resume();
  const deadline = performance.now() + 60_000;
  // Workers take some out at the same time: what is waiting is a lower bound of what was published.
  while ((await raw.waiting()) < most) {
    if (performance.now() > deadline)
      throw new Stop(`the seeder did not publish ${Math.round(most)} chunks within a minute of being let go`);
    await sleep(LOOK_MS, undefined, { signal: stage.signal });
  }
}

/** It was hit in the middle: chunks that it had not published then were published later. */
const publishedLater: NonNullable<Fault['prove']> = (_, __, { ledger }) => {
  const rest = ledger.seeded.filter((record) => record.reason !== 'initial');
  if (rest.length === 0 && ledger.seeded.length < 2)
    throw new Stop('all was published before the fault: it did not hit in the middle of the seeding');
};

const seederKill: Fault = {
  when: 'seeding',
  run,
  inject: async (stage, rng) => {
    const paused = await pauseSeeders(stage);
    const [pod = ''] = paused.pods;
    const armed = await arm(stage.where, pod, signalScript('seeder', 'KILL'));
    await untilPublishing(stage, paused, rng);
    const { at, observed } = await armed.fire();
    const { ledger } = await stage.read();
    const published = ledger.seeded.reduce((sum, record) => sum + record.chunks, 0);
    if (!ledger.plan || published >= stage.chunks)
      throw new Stop(`${pod} had published all ${published} chunks before it was killed`);
    return {
      target: pod,
      observed: `${observed} killed with ${published} of ${stage.chunks} chunks noted as published`,
      hitAt: at,
    };
  },
  // Its Job starts it again.
  heal: (stage) => seederEnded(stage.where, stage.until),
  prove: publishedLater,
};

const brokerKill: Fault = {
  when: 'seeding',
  run,
  inject: async (stage, rng) => {
    const paused = await pauseSeeders(stage);
    const armed = await stage.brokerPod.armKill();
    await untilPublishing(stage, paused, rng);
    const { at, observed } = await armed.fire();
    return { target: `${stage.backend} while ${paused.pods.join()} publishes`, observed, hitAt: at };
  },
  heal: async (stage) => {
    await stage.restartBroker();
    await seederEnded(stage.where, stage.until);
  },
  prove: (stage, hit, { ledger }) => {
    const last = ledger.seeded.at(-1)?.confirmedAt ?? '';
    const { hitAt = 0 } = hit;
    if (Date.parse(last) <= hitAt)
      throw new Stop(`the seeding had ended at ${last}, before ${stage.backend} was killed`);
  },
};

const twoSeeders: Fault = {
  when: 'seeding',
  run,
  inject: async (stage, rng) => {
    const paused = await pauseSeeders(stage, 2);
    await untilPublishing(stage, paused, rng);
    return {
      target: paused.pods.join(' and '),
      observed: 'both waited for the right to publish, and went for it at the same moment',
    };
  },
  heal: (stage) => seederEnded(stage.where, stage.until),
  prove: (stage, _, { ledger, results }) => {
    const published = ledger.seeded.reduce((sum, record) => sum + record.chunks, 0);
    const twice = results.length - new Set(results.map((r) => r.chunkId)).size;
    if (published !== stage.chunks || twice > 0)
      throw new Stop(`${published} chunks were published for ${stage.chunks}, and ${twice} have two records`);
  },
};

export const seedingFaults: Record<string, Fault> = {
  'seeder-kill': seederKill,
  'broker-kill-seeding': brokerKill,
  'two-seeders': twoSeeders,
};
