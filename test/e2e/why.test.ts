/**
 * `scripts/why.mjs` names the cause of each way in which a run comes to rest, and the remedy that it prints mends it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explain, type Answer } from '../../cli/diagnose/explain.js';
import type { Cause } from '../../cli/diagnose/finding.js';
import { observe } from '../../cli/diagnose/collect.js';
import { eventually } from '../support/wait.js';
import { OUT } from './support/place.js';
import { execute, Release } from './support/release.js';
import { withoutKeda } from './support/without-keda.js';

/** Ten chunks of a second for two workers; and slower ones, where something must happen before the end. */
const TINY = ['run.totalParameters=100', 'worker.maxReplicas=2', 'worker.chunksPerWorker=5'];
const SLOW = [...TINY, 'computation.simulateWorkMs=300'];
const DEADLINE_MS = 120_000;
const never = new AbortController().signal;

/** The answer of the script, as people get it. */
async function why(release: Release): Promise<Answer & { status: number }> {
  const { status, output } = await release.script('why', '--json');
  return { status, ...(JSON.parse(output) as Answer) };
}

/** The same in this process: asking again and again costs no start of a program each time. */
async function judged(release: Release): Promise<Answer> {
  return explain(
    await observe(
      { kube: release.kube, namespace: release.namespace, release: release.name },
      { seconds: 3, runId: undefined, flags: '', signal: never },
    ),
  );
}

/**
 * Asks until this is the answer, since what was just done to the cluster takes a while to show; then asks the script.
 */
async function whyOf(release: Release, cause: Cause): Promise<Answer> {
  let last = '';
  await eventually(
    async () => {
      const answer = await judged(release);
      last = answer.sentence;
      return answer.cause === cause;
    },
    DEADLINE_MS,
    `the cause ${cause}`,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; last answer: ${last}`);
  });
  const seen = await why(release);
  console.log(`${cause}: ${seen.sentence}\n  remedy: ${seen.remedy}`);
  expect(seen).toMatchObject({ status: 1, state: 'stuck', cause });
  return seen;
}

/** Types the commands of the remedy, all or the ones of these positions. */
async function followRemedy({ remedy }: Answer, ...positions: number[]): Promise<void> {
  const commands = [...(remedy ?? '').matchAll(/`([^`]+)`/g)].map(([, command]) => command as string);
  expect(commands.length, `commands in "${remedy}"`).toBeGreaterThan(0);
  for (const command of positions.length ? positions.map((n) => commands[n] as string) : commands) {
    const ran = await execute('sh', ['-c', command]);
    expect(ran.status, `${command}: ${ran.output}`).toBe(0);
  }
}

async function completes(release: Release): Promise<void> {
  await eventually(async () => (await judged(release)).state === 'complete', DEADLINE_MS, 'a complete run');
  expect(await why(release)).toMatchObject({ status: 0, state: 'complete' });
}

test.concurrent('KEDA missing: says how to install it; paused: the remedy lets the run go on', async () => {
  await using release = await Release.in('why-paused');
  await release.apply('install', 'small-redis', ...TINY);
  await release.kubectl('annotate', 'scaledjob', 'ttg-worker', '--overwrite', 'autoscaling.keda.sh/paused=true');
  const paused = await whyOf(release, 'paused');
  expect(paused.sentence).toBe('run-1 does not move: ScaledJob ttg-worker is paused, so KEDA starts no worker');
  {
    await using proxy = await withoutKeda(release.kube.config);
    const ran = await execute(
      'node',
      ['scripts/why.mjs', '--context', 'without-keda', '--namespace', release.namespace, '--json'],
      { KUBECONFIG: proxy.kubeconfig },
    );
    expect(ran, ran.output).toMatchObject({ status: 1, output: expect.stringMatching(/^\{/) as string });
    const missing = JSON.parse(ran.output) as Answer;
    console.log(`keda-missing: ${missing.sentence}\n  remedy: ${missing.remedy}`);
    expect(missing).toMatchObject({ cause: 'keda-missing', parameters: { total: 100, done: 0 }, also: [] });
    expect(missing.remedy).toContain('helm install keda kedacore/keda');
  }
  await followRemedy(paused);
  await completes(release);
  release.passed();
});

test.concurrent(
  'broker down: says so before what follows from it, and the remedy brings it and the run back',
  async () => {
    await using release = await Release.in('why-broker');
    await release.apply('install', 'small-redis', ...SLOW);
    await eventually(async () => (await judged(release)).parameters?.done, DEADLINE_MS, 'results');
    await release.kubectl('scale', 'statefulset/ttg-redis', '--replicas=0');
    const down = await whyOf(release, 'broker-down');
    expect(down.sentence).toContain('StatefulSet ttg-redis is scaled to 0');
    await followRemedy(down);
    await completes(release);
    release.passed();
  },
);

test.concurrent(
  'wrong password: a Secret that was changed while its broker ran; the remedy takes the new one over',
  async () => {
    await using release = await Release.in('why-password');
    await release.apply('install', 'small-redis', 'run.totalParameters=10', 'computation.simulateWorkMs=0');
    await completes(release);
    await release.kubectl(
      'patch',
      'secret',
      'ttg-auth',
      '--type=merge',
      '-p',
      '{"stringData":{"redis-password":"another"}}',
    );
    await release.apply('upgrade', 'small-redis', ...TINY);
    const refused = await whyOf(release, 'wrong-password');
    expect(refused.sentence).toMatch(
      /the broker at ttg-redis\.why-password\.svc:6379 refuses the password in Secret ttg-auth/,
    );
    await eventually(
      async () => (await judged(release)).also.find(({ cause }) => cause === 'seeder-failed'),
      DEADLINE_MS,
      'the seeder that it failed',
    );
    await followRemedy(refused);
    await completes(release);
    release.passed();
  },
);

test.concurrent('image pull: names the image and the pod', async () => {
  await using release = await Release.in('why-image');
  await release.apply('install', 'small-redis', ...TINY, 'image.tag=no-such-tag');
  const { sentence, remedy } = await whyOf(release, 'image-pull');
  expect(sentence).toMatch(
    /the image \S*ttg:no-such-tag of seeder pod ttg-seeder-run-1-\S+ cannot be pulled \((ErrImagePull|ImagePullBackOff)\)/,
  );
  expect(remedy).toContain('`npx zx scripts/build.mjs --version no-such-tag --load-kind`');
  release.passed();
});

test.concurrent('quota: names what is asked for and what is allowed', async () => {
  await using release = await Release.in('why-quota');
  await release.kubectl('create', 'quota', 'tight', '--hard=requests.cpu=300m');
  await release.apply('install', 'small-redis', ...TINY, 'worker.resources.requests.cpu=301m');
  const { sentence, remedy } = await whyOf(release, 'quota');
  expect(sentence).toMatch(
    /quota admits no worker pod for Job ttg-worker-\S+ \(tight, requested: requests.cpu=301m, used: requests.cpu=\d+m, limited: requests.cpu=300m\)/,
  );
  expect(remedy).toContain('worker.resources');
  release.passed();
});

test.concurrent('unschedulable: gives the words of the scheduler', async () => {
  await using release = await Release.in('why-nodes');
  await release.apply('install', 'small-redis', ...TINY, 'worker.nodeSelector.disk=none-such');
  const { sentence, remedy } = await whyOf(release, 'unschedulable');
  expect(sentence).toMatch(
    /no node takes worker pod ttg-worker-\S+ \(0\/4 nodes are available: .*didn't match Pod's node affinity\/selector\)/,
  );
  expect(remedy).toContain('worker.nodeSelector');
  release.passed();
});

const STOP =
  'for p in /proc/[0-9]*; do if tr "\\0" " " < $p/cmdline 2>/dev/null | grep -q "[w]orker.js"; then kill -STOP ${p#/proc/}; fi; done';

for (const backend of ['redis', 'rabbitmq']) {
  test.concurrent(`all workers hung, over ${backend}: the remedy replaces them, and the run is complete`, async () => {
    await using release = await Release.in(`why-hung-${backend}`);
    await release.apply('install', `small-${backend}`, ...SLOW);
    await eventually(
      async () => {
        const pods = (await release.pods('worker')).filter(({ status }) => status?.phase === 'Running');
        return (
          pods.length === 2 &&
          (
            await Promise.all(
              pods.map((pod) => release.kubectl('exec', pod.metadata?.name ?? '', '--', 'sh', '-c', STOP)),
            )
          ).every(({ status }) => status === 0)
        );
      },
      DEADLINE_MS,
      'two workers, frozen',
    );
    const hung = await whyOf(release, 'all-hung');
    expect(hung.sentence).toMatch(
      backend === 'redis'
        ? /every running worker hangs \(2\): \d chunks? that they hold have missed their heartbeats/
        : /every running worker hangs \(2\): \d+ chunks are ready and they hold none/,
    );
    await followRemedy(hung);
    await completes(release);
    release.passed();
  });
}

test.concurrent('nothing seeded: the seeder Job was deleted; the remedy seeds', async () => {
  await using release = await Release.in('why-unseeded');
  await release.apply('install', 'small-redis', ...TINY);
  // The seeder makes the password first: without it the broker itself does not start.
  await eventually(
    async () => (await release.kubectl('get', 'secret', 'ttg-auth', '-o', 'yaml')).output.includes('redis-password'),
    DEADLINE_MS,
    'the password',
  );
  await release.kubectl('delete', 'jobs', '-l', 'ttg.io/component=seeder');
  const unseeded = await whyOf(release, 'nothing-seeded');
  expect(unseeded.sentence).toMatch(/nothing was seeded \(the log holds no plan of it\), and there is no seeder Job/);
  await followRemedy(unseeded);
  await completes(release);
  release.passed();
});

test.concurrent('dead parameters only: says which and why', async () => {
  await using release = await Release.in('why-dead');
  const source = join(OUT, 'why-cursed.mjs');
  writeFileSync(
    source,
    "export const decimals = 0;\nexport function compute(i) {\n  if (i % 40 === 7) throw Object.assign(new Error('cursed ' + i), { retryable: false });\n  return i;\n}\n",
  );
  await release.apply(
    'install',
    'small-redis',
    ...TINY,
    'computation.simulateWorkMs=0',
    `computation.source=@${source}`,
  );
  const { sentence, remedy } = await whyOf(release, 'dead-parameters');
  expect(sentence).toBe(
    'run-1 does not move: only dead parameters are left, 3 of 100 (7, 47, 87; the first, after 1 attempt: cursed 7); the other 97 have results',
  );
  expect(remedy).toContain('scripts/dlq.mjs --action replay --all');
  release.passed();
});

test('KEDA not running: its operator is scaled to 0; the remedy brings it and the run on its way', async () => {
  await using release = await Release.in('why-keda');
  await using _restored = {
    [Symbol.asyncDispose]: async () =>
      void (await release.kubectl('-n', 'keda', 'scale', 'deployment/keda-operator', '--replicas=1')),
  };
  await release.kubectl('-n', 'keda', 'scale', 'deployment/keda-operator', '--replicas=0');
  await release.apply('install', 'small-redis', ...TINY);
  const stopped = await whyOf(release, 'keda-not-ready');
  expect(stopped.sentence).toContain("KEDA's operator does not run (Deployment keda/keda-operator is scaled to 0)");
  await followRemedy(stopped);
  await completes(release);
  release.passed();
});
