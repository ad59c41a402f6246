/** From facts to the sentence: every cause by itself, what is no fault, and which of several is named first. */
import { describe, expect, it } from 'vitest';
import type { BrokerFacts, ClusterFacts, Look, Observation, OwnerFacts, PodFacts } from '../../cli/diagnose/facts.js';
import { answerText, exitStatus, explain, type Answer } from '../../cli/diagnose/explain.js';

const NOW = Date.parse('2026-01-01T01:00:00Z');
const ago = (seconds: number): number => NOW - seconds * 1000;
type Depth = NonNullable<Look['depth']>;

const depth = (over: Partial<Depth> = {}): Depth => ({
  ready: 0,
  leased: 0,
  stale: 0,
  delayed: 0,
  dead: 0,
  parked: 0,
  ...over,
});
const look = (over: Partial<Look> = {}): Look => ({
  at: NOW,
  total: 1000,
  done: 400,
  dead: 0,
  unseeded: 0,
  lastResultAt: ago(600),
  seededAt: ago(900),
  rate: 50,
  deadLetters: [],
  depth: depth({ ready: 60 }),
  memoryShare: 0.2,
  ...over,
});
/** The same twice, 6 s apart, unless the first look was another. */
const answers = (last: Partial<Look> = {}, first: Partial<Look> = {}): BrokerFacts => ({
  reach: 'answers',
  first: look({ at: ago(6), ...last, ...first }),
  last: look(last),
});

const pod = (over: Partial<PodFacts> = {}): PodFacts => ({
  name: 'p-1',
  phase: 'Running',
  ready: true,
  leaving: false,
  node: 'n-1',
  createdAt: ago(700),
  startedAt: ago(690),
  waiting: undefined,
  unschedulable: undefined,
  exit: undefined,
  lastLine: undefined,
  warning: undefined,
  ...over,
});
const pending = (over: Partial<PodFacts> = {}): PodFacts =>
  pod({ phase: 'Pending', ready: false, startedAt: undefined, ...over });
const owner = (over: Partial<OwnerFacts> = {}): OwnerFacts => ({
  kind: 'Job',
  name: 'ttg-worker-a',
  createdAt: ago(700),
  wanted: 1,
  suspended: false,
  ended: undefined,
  endReason: '',
  pods: [pod({ name: 'ttg-worker-a-x' })],
  createError: undefined,
  ...over,
});
const seeder = (over: Partial<OwnerFacts> = {}): OwnerFacts =>
  owner({ name: 'ttg-seeder', ended: 'Complete', pods: [pod({ phase: 'Succeeded', ready: false })], ...over });
const brokerSet = (over: Partial<OwnerFacts> = {}): OwnerFacts =>
  owner({ kind: 'StatefulSet', name: 'ttg-redis', pods: [pod({ name: 'ttg-redis-0' })], ...over });
const scaled = (
  over: Partial<NonNullable<ClusterFacts['scaledJob']>> = {},
): NonNullable<ClusterFacts['scaledJob']> => ({
  name: 'ttg-worker',
  createdAt: ago(900),
  paused: false,
  maxReplicas: 10,
  conditions: [{ type: 'Ready', status: 'True', reason: 'ScaledJobReady', message: '' }],
  warning: undefined,
  ...over,
});
const operator = { namespace: 'keda', name: 'keda-operator', wanted: 1, ready: 1, pods: [] };
const cluster = (over: Partial<ClusterFacts> = {}): ClusterFacts => ({
  address: {
    kubectl: 'kubectl --context c -n ns',
    helm: 'helm --kube-context c -n ns',
    flags: ' --context c --namespace ns',
    namespace: 'ns',
    release: 'ttg',
  },
  found: true,
  keda: { served: true, operator },
  notReadyNodes: [],
  brokerSet: brokerSet(),
  secret: 'ttg-auth',
  seeder: seeder(),
  scaledJob: scaled(),
  jobs: [],
  ...over,
});
const explained = (over: Partial<Observation> = {}): Answer =>
  explain({
    runId: 'run-1',
    backend: 'redis',
    now: NOW,
    chunkTimeoutSeconds: 1500,
    broker: answers(),
    cluster: cluster(),
    ...over,
  });
const inCluster = (over: Partial<ClusterFacts>, broker: BrokerFacts = answers()): Answer =>
  explained({ cluster: cluster(over), broker });
const unseeded = { total: 0, done: 0, lastResultAt: undefined, seededAt: undefined, depth: depth() };

describe('a broker that waits for its first seeder', () => {
  it.each([10, 900])('is not the root where no node has the image of the seeder (after %i s)', (age) => {
    const waiting = { reason: 'ImagePullBackOff', message: 'Back-off', image: 'ttg:nope' };
    const answer = inCluster(
      {
        brokerSet: brokerSet({ createdAt: ago(age), pods: [pending({ name: 'ttg-redis-0', createdAt: ago(age) })] }),
        seeder: seeder({ ended: undefined, pods: [pending({ waiting })] }),
      },
      { reach: 'silent', where: 'r', reason: 'no' },
    );
    expect(answer).toMatchObject({ state: 'stuck', cause: 'image-pull' });
  });
});

describe('a run that is no trouble', () => {
  it('is complete, whatever else is broken by now', () => {
    const answer = inCluster(
      { keda: { served: false, operator: undefined }, scaledJob: undefined },
      answers({ done: 1000, depth: depth() }),
    );
    expect(answer).toMatchObject({ state: 'complete', cause: null, also: [] });
    expect(answer.sentence).toBe(
      'run-1 is complete: all 1,000 parameters have their result, computed at 50 parameters/s',
    );
    expect(exitStatus(answer)).toBe(0);
  });

  it('moves: how many are left, how many workers there are, how fast they are, and that the maximum is no fault', () => {
    const job = owner();
    const moving = inCluster(
      { jobs: [job, job], scaledJob: scaled({ maxReplicas: 2 }) },
      answers({ done: 460 }, { done: 400 }),
    );
    expect(moving.sentence).toBe(
      'run-1 is moving: 540 of 1,000 parameters are left, 2 workers (the most that worker.maxReplicas allows) at 10 parameters/s, about 54 s to go',
    );
    expect(exitStatus(moving)).toBe(0);
    expect(inCluster({ jobs: [job] }, answers({ done: 460, dead: 3 }, { done: 400 })).sentence).toMatch(
      /1 worker at 10.* to go, 3 parameters dead$/,
    );
  });

  it('moves although something is amiss, which it says too', () => {
    const answer = inCluster(
      { jobs: [owner()], keda: { served: true, operator: { ...operator, ready: 0 } } },
      answers({ done: 460 }, { done: 400 }),
    );
    expect(answer).toMatchObject({ state: 'moving', also: [{ cause: 'keda-not-ready' }] });
  });

  it('computes a long chunk, which is not a hung worker while it is within its limit', () => {
    const answer = inCluster({ jobs: [owner()] }, answers({ depth: depth({ ready: 5, leased: 1 }) }));
    expect(answer.sentence).toBe(
      'run-1 is computing: 1 chunk held by 1 worker, none has ended for 600 s, and a chunk may take 1500 s (worker.chunkTimeoutSeconds)',
    );
    expect(exitStatus(answer)).toBe(0);
  });

  it('counts the age of a chunk from the start of the worker, not from the last result of days ago', () => {
    const fresh = owner({ pods: [pod({ startedAt: ago(30) })] });
    expect(
      inCluster(
        { jobs: [fresh] },
        answers({ lastResultAt: ago(90_000), seededAt: ago(99_000), depth: depth({ leased: 1 }) }),
      ),
    ).toMatchObject({ state: 'moving', sentence: expect.stringContaining('for 30 s') as string });
  });

  it('is being seeded, or waits for a retry', () => {
    expect(explained({ broker: answers({ unseeded: 200 }, { unseeded: 600 }) }).sentence).toBe(
      'run-1 is being seeded: 800 parameters of 1,000 are published',
    );
    expect(explained({ broker: answers({ depth: depth({ delayed: 2 }) }) }).sentence).toContain(
      'waits: 2 chunks failed and will be tried again',
    );
  });

  it.each<[string, Partial<ClusterFacts>, BrokerFacts]>([
    [
      'broker pod p-1 has been starting for 10 s',
      { brokerSet: brokerSet({ createdAt: ago(10), pods: [pending({ createdAt: ago(10) })] }) },
      { reach: 'silent', where: 'r', reason: 'no' },
    ],
    [
      'the broker ttg-redis has been starting for 20 s',
      { brokerSet: brokerSet({ pods: [pod({ ready: false, startedAt: ago(20) })] }) },
      { reach: 'silent', where: 'r', reason: 'no' },
    ],
    [
      'the seeder has been at work for 5 s',
      { seeder: seeder({ ended: undefined, pods: [pod({ startedAt: ago(5) })] }) },
      answers(unseeded),
    ],
    [
      'the seeder Job ttg-seeder has been starting for 5 s',
      { seeder: seeder({ ended: undefined, createdAt: ago(5), pods: [] }) },
      answers(unseeded),
    ],
    ['KEDA has not looked', { scaledJob: scaled({ createdAt: ago(5), conditions: [] }) }, answers()],
    ['KEDA has not started a worker yet', {}, answers({ seededAt: ago(3), lastResultAt: undefined })],
    ['has no pod yet', { jobs: [owner({ createdAt: ago(2), pods: [] })] }, answers()],
    [
      'worker pod p-1 has been starting for 8 s',
      { jobs: [owner({ pods: [pending({ createdAt: ago(8) })] })] },
      answers(),
    ],
    ['1 worker up, the youngest for 3 s', { jobs: [owner({ pods: [pod({ startedAt: ago(3) })] })] }, answers()],
  ])('is on its way while that is young: %s', (sentence, facts, broker) => {
    const answer = inCluster(facts, broker);
    expect(answer).toMatchObject({ state: 'moving', cause: 'starting', remedy: null });
    expect(answer.sentence).toContain(sentence);
  });
});

describe('what keeps a run from moving', () => {
  const refused: BrokerFacts = {
    reach: 'refused',
    where: 'ttg-redis.ns.svc:6379',
    reason: 'WRONGPASS invalid username-password pair',
  };
  const silent: BrokerFacts = { reach: 'silent', where: 'redis.example:6379', reason: 'connect ETIMEDOUT' };
  const job = (over: Partial<OwnerFacts>): Partial<ClusterFacts> => ({ jobs: [owner(over)] });
  const notReady = (reason: string, message: string, warning?: string) => ({
    scaledJob: scaled({ conditions: [{ type: 'Ready', status: 'False', reason, message }], warning }),
  });

  it.each<[string, Partial<ClusterFacts>, BrokerFacts, RegExp, RegExp]>([
    [
      'no-release',
      { found: false, scaledJob: undefined, seeder: undefined, brokerSet: undefined },
      { reach: 'unasked' },
      /namespace ns holds nothing of a release ttg/,
      /deploy\.mjs --context c/,
    ],
    [
      'keda-missing',
      { keda: { served: false, operator: undefined }, scaledJob: undefined },
      answers(),
      /KEDA is not installed \(the cluster does not serve ScaledJobs\)/,
      /helm install keda.*upgrade ttg .* anew/,
    ],
    [
      'keda-missing',
      { keda: { served: true, operator: undefined } },
      answers(),
      /has no Deployment keda-operator/,
      /helm install keda/,
    ],
    [
      'keda-not-ready',
      { keda: { served: true, operator: { ...operator, wanted: 0, ready: 0 } } },
      answers(),
      /is scaled to 0/,
      /`kubectl --context c -n keda scale deployment\/keda-operator --replicas=1`/,
    ],
    [
      'keda-not-ready',
      { keda: { served: true, operator: { ...operator, ready: 0, pods: ['k Pending'] } } },
      answers(),
      /0 of 1 pods ready: k Pending/,
      /-n keda describe pods/,
    ],
    [
      'broker-down',
      { brokerSet: brokerSet({ wanted: 0, pods: [] }) },
      silent,
      /StatefulSet ttg-redis is scaled to 0/,
      /scale statefulset\/ttg-redis --replicas=1/,
    ],
    [
      'broker-down',
      { brokerSet: brokerSet({ pods: [pod({ ready: false })] }), notReadyNodes: ['n-1'] },
      silent,
      /on node n-1, which is not ready/,
      /bring node n-1 back/,
    ],
    [
      'broker-down',
      { brokerSet: brokerSet({ pods: [pod({ ready: false })] }) },
      silent,
      /no pod of StatefulSet ttg-redis is ready, 690 s/,
      /logs statefulset/,
    ],
    [
      'broker-down',
      { brokerSet: undefined },
      silent,
      /redis\.example:6379 does not answer \(connect ETIMEDOUT\)/,
      /host and port/,
    ],
    [
      'image-pull',
      {
        brokerSet: brokerSet({
          pods: [pending({ waiting: { reason: 'ErrImagePull', message: '', image: 'redis:no' } })],
        }),
      },
      silent,
      /image redis:no of broker pod/,
      /^correct redis\.image/,
    ],
    [
      'crash',
      { brokerSet: brokerSet({ pods: [pod({ ready: false, exit: { code: 137, reason: 'OOMKilled', at: ago(9) } })] }) },
      silent,
      /broker pod p-1 was killed for using more memory/,
      /redis\.resources/,
    ],
    [
      'wrong-password',
      {},
      refused,
      /svc:6379 refuses the password in Secret ttg-auth/,
      /own into Secret ttg-auth, or .* rollout restart statefulset\/ttg-redis`; then/,
    ],
    ['wrong-password', { brokerSet: undefined }, refused, /refuses the password/, /own into Secret ttg-auth; then/],
    [
      'broker-unusable',
      {},
      { reach: 'unusable', where: 'x', reason: 'Redis is 6.2' },
      /cannot be used: Redis is 6\.2/,
      /./,
    ],
    ['broker-full', {}, answers({ memoryShare: 1 }), /memory is full \(100 %/, /redis\.resources\.limits\.memory/],
    [
      'nothing-seeded',
      { seeder: undefined },
      answers(unseeded),
      /nothing was seeded .*there is no seeder Job/,
      /`helm .* upgrade ttg \.\/chart --reuse-values`/,
    ],
    [
      'nothing-seeded',
      { seeder: seeder({ ended: undefined, suspended: true }) },
      answers(unseeded),
      /ttg-seeder is suspended/,
      /patch job ttg-seeder .*"suspend":false/,
    ],
    ['nothing-seeded', {}, answers(unseeded), /completed: the broker has lost/, /helm/],
    [
      'nothing-seeded',
      { seeder: undefined },
      answers({ unseeded: 300 }),
      /300 parameters of its plan were never seeded/,
      /helm/,
    ],
    [
      'seeder-failed',
      {
        seeder: seeder({
          ended: 'Failed',
          pods: [pod({ exit: { code: 2, reason: 'Error', at: ago(9) }, lastLine: 'raise CHUNK_SIZE.' })],
        }),
      },
      answers(unseeded),
      /refused its configuration \(exit status 2\): raise CHUNK_SIZE$/,
      /correct what it names/,
    ],
    [
      'seeder-failed',
      { seeder: seeder({ ended: 'Failed', endReason: 'DeadlineExceeded', pods: [] }) },
      answers({ done: 1000 }),
      /failed \(DeadlineExceeded\)/,
      /helm/,
    ],
    [
      'seeder-waits',
      { seeder: seeder({ ended: undefined, pods: [pod({ lastLine: 'waiting for Redis' })] }) },
      answers(unseeded),
      /at work for 690 s and has published nothing: waiting for Redis/,
      /logs job\/ttg-seeder/,
    ],
    [
      'image-pull',
      {
        seeder: seeder({
          ended: undefined,
          pods: [pending({ waiting: { reason: 'ImagePullBackOff', message: '', image: 'ttg:x' } })],
        }),
      },
      answers(unseeded),
      /image ttg:x of seeder pod/,
      /--version x --load-kind/,
    ],
    ['scaledjob-missing', { scaledJob: undefined }, answers(), /has no ScaledJob/, /anew/],
    [
      'paused',
      { scaledJob: scaled({ paused: true }) },
      answers(),
      /ScaledJob ttg-worker is paused/,
      /annotate scaledjob ttg-worker --overwrite autoscaling\.keda\.sh\/paused=false/,
    ],
    [
      'scaledjob-not-ready',
      notReady('TriggerError', 'Triggers are not working', 'KEDAScalerFailed: no such host'),
      answers(),
      /is not ready \(TriggerError: KEDAScalerFailed: no such host\)/,
      /annotate/,
    ],
    [
      'scaledjob-not-ready',
      { scaledJob: scaled({ conditions: [] }) },
      answers(),
      /has not looked at ScaledJob ttg-worker for 900 s/,
      /watchNamespace/,
    ],
    [
      'quota',
      notReady('KEDAJobCreateFailed', 'jobs is forbidden: exceeded quota: q, limited: count/jobs.batch=1'),
      answers(),
      /admits no Job of ScaledJob ttg-worker \(q, limited/,
      /maxReplicas/,
    ],
    ['no-jobs', {}, answers(), /KEDA has started no worker for 60 chunks, 600 s after/, /paused=0/],
    ['jobs-suspended', job({ suspended: true, pods: [] }), answers(), /every worker Job is suspended \(1\)/, /Kueue/],
    [
      'quota',
      job({ pods: [], createError: 'Error creating: pods "a" is forbidden: exceeded quota: q, requested: pods=1' }),
      answers(),
      /admits no worker pod for Job ttg-worker-a \(q, requested: pods=1\)/,
      /get resourcequota.*worker\.resources/,
    ],
    [
      'pod-refused',
      job({ pods: [], createError: 'Error creating: violates PodSecurity "restricted"' }),
      answers(),
      /refuses the worker pod .*\(violates PodSecurity "restricted"\)/,
      /policy/,
    ],
    [
      'unschedulable',
      job({ pods: [pending({ unschedulable: "0/4 nodes are available: 4 node(s) didn't match. preemption: 0/4" })] }),
      answers(),
      /no node takes worker pod p-1 \(0\/4 nodes are available: 4 node\(s\) didn't match\)/,
      /worker\.nodeSelector/,
    ],
    [
      'unschedulable',
      job({ pods: [pending({ unschedulable: '0/4 nodes are available: 4 Insufficient cpu.' })] }),
      answers(),
      /Insufficient cpu\)/,
      /add nodes, or lower worker\.resources/,
    ],
    [
      'image-pull',
      job({ pods: [pending({ waiting: { reason: 'ErrImagePull', message: '', image: 'r.example:5000/ttg:2' } })] }),
      answers(),
      /cannot be pulled \(ErrImagePull\)/,
      /--version 2 .*image\.pullSecrets/,
    ],
    [
      'pod-stuck',
      job({
        pods: [
          pending({
            waiting: { reason: 'ContainerCreating', message: '', image: '' },
            warning: 'FailedMount: no such ConfigMap',
          }),
        ],
      }),
      answers(),
      /has been ContainerCreating for 700 s \(FailedMount: no such ConfigMap\)/,
      /describe pod p-1/,
    ],
    [
      'crash',
      job({
        pods: [
          pod({
            phase: 'Failed',
            ready: false,
            exit: { code: 1, reason: 'Error', at: ago(5) },
            lastLine: 'crashed err=boom',
          }),
        ],
      }),
      answers(),
      /worker pod p-1 ended with exit status 1: crashed err=boom/,
      /logs p-1/,
    ],
    [
      'crash',
      job({
        ended: 'Failed',
        pods: [pod({ phase: 'Failed', ready: false, exit: { code: 2, reason: 'Error', at: ago(5) } })],
      }),
      answers(),
      /exit status 2, which means a configuration that it refuses/,
      /logs/,
    ],
    [
      'over-limit',
      job({}),
      answers({ lastResultAt: ago(2000), depth: depth({ leased: 1 }) }),
      /none has ended for 690 s/,
      /chunkTimeoutSeconds/,
    ],
    [
      'all-hung',
      job({}),
      answers({ depth: depth({ leased: 2, stale: 2 }) }),
      /every running worker hangs \(1\): 2 chunks that they hold have missed their heartbeats/,
      /delete pods -l app\.kubernetes\.io\/instance=ttg,ttg\.io\/component=worker/,
    ],
    [
      'all-hung',
      job({}),
      answers({ depth: depth({ ready: 3 }) }),
      /3 chunks are ready and they hold none/,
      /delete pods/,
    ],
    [
      'queue-lost',
      {},
      answers({ depth: depth() }),
      /600 parameters were seeded but are neither recorded nor queued/,
      /helm/,
    ],
    [
      'dead-parameters',
      {},
      answers({
        done: 998,
        dead: 2,
        deadLetters: [
          { start: 7, end: 7, attempts: 4, error: 'boom\nat' },
          { start: 9, end: 9, attempts: 4, error: 'x' },
        ],
      }),
      /2 of 1,000 \(7, 9; the first, after 4 attempts: boom at\); the other 998/,
      /dlq\.mjs --action replay --all --context c/,
    ],
  ])('%s', (cause, facts, broker, because, remedy) => {
    const limit = cause === 'over-limit' ? { chunkTimeoutSeconds: 60 } : {};
    const answer = explained({ cluster: cluster(facts), broker, ...limit });
    expect(answer).toMatchObject({ cause, state: 'stuck' });
    expect(answer.sentence).toMatch(/^run-1 does not move: /);
    expect(answer.sentence).toMatch(because);
    expect(answer.remedy).toMatch(remedy);
    expect(exitStatus(answer)).toBe(1);
  });

  it('RabbitMQ without statistics', () => {
    expect(explained({ backend: 'rabbitmq', broker: answers({ depth: undefined }) })).toMatchObject({
      cause: 'no-statistics',
    });
  });

  it('nothing that can be seen: says so, and where to look further', () => {
    expect(
      explained({
        backend: 'static',
        broker: { reach: 'unasked' },
        cluster: cluster({
          scaledJob: undefined,
          seeder: undefined,
          brokerSet: undefined,
          jobs: [owner({ ended: 'Complete' })],
        }),
      }),
    ).toMatchObject({ cause: 'unknown', remedy: expect.stringContaining('get events') as string });
  });
});

describe('the root comes first', () => {
  it('in the order of the chain, and what follows from it after it', () => {
    const answer = inCluster(
      {
        keda: { served: true, operator: { ...operator, ready: 0, wanted: 0 } },
        brokerSet: brokerSet({ wanted: 0, pods: [] }),
        scaledJob: scaled({ paused: true }),
        jobs: [owner({ pods: [pending({ unschedulable: 'no' })] })],
      },
      { reach: 'silent', where: 'r:1', reason: 'refused' },
    );
    expect([answer.cause, ...answer.also.map(({ cause }) => cause)]).toEqual([
      'keda-not-ready',
      'broker-down',
      'paused',
      'unschedulable',
    ]);
    expect(answerText(answer).split('\n')[2]).toBe('also: the broker is down: StatefulSet ttg-redis is scaled to 0');
  });

  it('a worker that crashed before the last result is history', () => {
    const crashed = owner({
      ended: 'Failed',
      pods: [pod({ phase: 'Failed', ready: false, exit: { code: 1, reason: 'Error', at: ago(700) } })],
    });
    expect(inCluster({ jobs: [crashed] })).toMatchObject({ cause: 'no-jobs' });
  });

  it('one worker without room is no reason while another one computes', () => {
    const blocked = owner({ name: 'b', pods: [], createError: 'exceeded quota: q' });
    expect(inCluster({ jobs: [blocked, owner()] }, answers({ depth: depth({ ready: 9, leased: 1 }) }))).toMatchObject({
      state: 'moving',
      also: [{ cause: 'quota' }],
    });
  });
});

describe('with the broker alone', () => {
  const alone = (broker: BrokerFacts): Answer =>
    explained({ broker, cluster: undefined, chunkTimeoutSeconds: undefined });

  it('says what it can, and where the rest can be asked', () => {
    expect(alone({ reach: 'silent', where: 'h:1', reason: 'no' })).toMatchObject({ cause: 'broker-down' });
    expect(alone({ reach: 'refused', where: 'h:1', reason: 'no' }).sentence).toContain(
      'the password in the environment',
    );
    expect(alone(answers(unseeded))).toMatchObject({ cause: 'nothing-seeded' });
    expect(alone(answers())).toMatchObject({
      cause: 'no-workers',
      remedy: expect.stringContaining('scripts/why.mjs') as string,
    });
    expect(alone(answers({ depth: depth({ leased: 1, stale: 1 }) })).sentence).toContain(
      'have missed their heartbeats, and no other takes them over',
    );
    expect(alone(answers({ depth: depth({ leased: 1 }) }))).toMatchObject({ state: 'moving' });
    expect(alone(answers({ done: 999, dead: 1 }))).toMatchObject({ cause: 'dead-parameters' });
  });
});
