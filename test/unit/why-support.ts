/** Facts of a healthy release, to be changed by each test of `why`. */
import type { BrokerFacts, ClusterFacts, Look, Observation, OwnerFacts, PodFacts } from '../../cli/diagnose/facts.js';
import { explain, type Answer } from '../../cli/diagnose/explain.js';

export const NOW = Date.parse('2026-01-01T01:00:00Z');
export const ago = (seconds: number): number => NOW - seconds * 1000;
export type Depth = NonNullable<Look['depth']>;

export const depth = (over: Partial<Depth> = {}): Depth => ({
  ready: 0,
  leased: 0,
  stale: 0,
  delayed: 0,
  dead: 0,
  parked: 0,
  ...over,
});
export const look = (over: Partial<Look> = {}): Look => ({
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
  halted: undefined,
  memoryShare: 0.2,
  ...over,
});
/** The same twice, 6 s apart, unless the first look was another. */
export const answers = (last: Partial<Look> = {}, first: Partial<Look> = {}): BrokerFacts => ({
  reach: 'answers',
  first: look({ at: ago(6), ...last, ...first }),
  last: look(last),
});

export const pod = (over: Partial<PodFacts> = {}): PodFacts => ({
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
export const pending = (over: Partial<PodFacts> = {}): PodFacts =>
  pod({ phase: 'Pending', ready: false, startedAt: undefined, ...over });
export const owner = (over: Partial<OwnerFacts> = {}): OwnerFacts => ({
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
export const seeder = (over: Partial<OwnerFacts> = {}): OwnerFacts =>
  owner({ name: 'ttg-seeder', ended: 'Complete', pods: [pod({ phase: 'Succeeded', ready: false })], ...over });
export const brokerSet = (over: Partial<OwnerFacts> = {}): OwnerFacts =>
  owner({ kind: 'StatefulSet', name: 'ttg-redis', pods: [pod({ name: 'ttg-redis-0' })], ...over });
export const scaled = (
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
export const operator = { namespace: 'keda', name: 'keda-operator', wanted: 1, ready: 1, pods: [] };
export const cluster = (over: Partial<ClusterFacts> = {}): ClusterFacts => ({
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
export const explained = (over: Partial<Observation> = {}): Answer =>
  explain({
    runId: 'run-1',
    backend: 'redis',
    now: NOW,
    chunkTimeoutSeconds: 1500,
    broker: answers(),
    cluster: cluster(),
    ...over,
  });
export const inCluster = (over: Partial<ClusterFacts>, broker: BrokerFacts = answers()): Answer =>
  explained({ cluster: cluster(over), broker });
export const unseeded = { total: 0, done: 0, lastResultAt: undefined, seededAt: undefined, depth: depth() };
