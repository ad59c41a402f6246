/** From facts to the sentence: every cause by itself, with its remedy. */
import { describe, expect, it } from 'vitest';
import type { BrokerFacts, ClusterFacts, OwnerFacts } from '../../cli/diagnose/facts.js';
import { exitStatus } from '../../cli/diagnose/explain.js';
import {
  ago,
  depth,
  answers,
  pod,
  pending,
  owner,
  seeder,
  brokerSet,
  scaled,
  operator,
  cluster,
  explained,
  unseeded,
} from './why-support.js';

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
      /`helm .* upgrade ttg \.\/chart --reset-then-reuse-values`/,
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
      /--version 2 .*image\.repository.*image\.pullSecrets/,
    ],
    [
      'image-pull',
      job({ pods: [pending({ waiting: { reason: 'ErrImagePull', message: '', image: 'r.example:5000/model:7' } })] }),
      answers(),
      /image r\.example:5000\/model:7 of worker pod/,
      /kind load docker-image r\.example:5000\/model:7`.*correct worker\.image or/,
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
      'store-away',
      job({
        pods: [
          pod({ name: 'w', lastLine: 'waiting for the store of values reason="s3://b/ at http://s3:7070/b: refused"' }),
        ],
      }),
      answers({ depth: depth({ ready: 3 }) }),
      /the store of its values does not answer.*http:\/\/s3:7070/,
      /go on by themselves/,
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
