/** What a fault is, and what it is injected into: processes of this machine, or a release on a cluster. */
import type { Broker } from '../core/broker/port.js';
import type { Backend } from '../ops/local/config.js';
import type { InFlight } from '../ops/run/chunk-log.js';
import type { Effect, Reading } from '../ops/run/observe.js';
import type { Raw } from '../ops/run/raw-broker.js';
import type { Until } from '../ops/script/wait.js';
import type { Rng } from './rng.js';

/** Settings of one run. */
export interface Settings {
  /** of seeder and workers */
  env: Record<string, string>;
  /** a computation of its own, as the text of a module */
  source?: string;
  maxWorkers: number;
  chunksPerWorker: number;
  /** how long anything that is waited for may take */
  deadlineSeconds: number;
  /** how often the scaler looks */
  pollMs?: number;
}

export interface Stage {
  backend: Backend;
  /** of the run, its broker as it is reached from here */
  env: Record<string, string>;
  /** of the names in the broker */
  prefix: string;
  /** after which a silent worker's chunk goes to another */
  leaseMs: number;
  /** how many the plan has */
  chunks: number;
  signal: AbortSignal;
  /** a connection of our own to the broker, which no fault cuts */
  observer: Broker;
  /** what workers that start from now on get besides */
  workerEnv: Record<string, string>;
  /** brings the run under way */
  start: () => Promise<void>;
  /** seeds the same run once more, to the end of that seeding */
  reseed: () => Promise<void>;
  /** the log as it is now, from its first record */
  read: () => Promise<Reading>;
  /** the broker past the port; to be closed */
  raw: () => Promise<Raw>;
  /** Up to the deadline of the settings. */
  until: Until;
  /** chunks that running workers have started and not completed */
  inFlight: () => Promise<InFlight[]>;
  /** the same of one worker, dead or alive, the latest start first */
  inFlightOf: (worker: string) => Promise<InFlight[]>;
  /** workers that ended by SIGKILL */
  killed: () => Promise<Array<Effect & { name: string }>>;
  /** without grace; resolves when it is seen dead */
  kill: (worker: string) => Promise<Effect>;
  /** stops its process; resolves when it is seen stopped */
  freeze: (worker: string) => Promise<Effect>;
  /** lets it go on; resolves when it is seen to, or to have ended */
  wake: (worker: string) => Promise<void>;
  /** kill -9; resolves with how it was seen */
  killBroker: () => Promise<string>;
  /** on its data; resolves when it is ready */
  restartBroker: () => Promise<void>;
  /** workers and seeders that have not left, each with what it said last */
  remaining: () => Promise<string[]>;
  /** evidence: the run did not end well, so keep what a person would want to see */
  close: (evidence: boolean) => Promise<void>;
}

/** What an injection did, seen to have taken hold. */
export interface Hit {
  /** who or what was hit */
  target: string;
  /** how that was seen: process state, exit signal, refused connection … */
  observed: string;
  /** when, in milliseconds since the epoch; when the injection was begun if omitted */
  hitAt?: number;
  /** the chunk that was hit with it: recovered once this one has its record */
  chunk?: string;
  /** the worker that was hit: its late record does not count as the recovery */
  worker?: string;
  /** the node that was hit */
  node?: string;
  /** those that were at work, and must not have been hit */
  workers?: string[];
}

/** The record of a fault; times in ISO 8601 UTC. */
export type Injection = Omit<Hit, 'hitAt'> & { name: string; at: string; healedAt: string };

export interface Poison {
  /** ascending */
  parameters: readonly number[];
  /** text of the computation's module */
  source: string;
}

export interface Fault<S extends Stage = Stage> {
  /** It is injected from the start of the seeding, or once a share of the chunks is done. */
  when: 'seeding' | 'draining';
  /** Variables without which it could not take hold: many chunks, long chunks … */
  run?: Record<string, string> | ((backend: Stage['backend']) => Record<string, string>);
  /** parameters that no attempt computes: they are dead in the end, and no others */
  poison?: Poison;
  /** whatever else uses the same broker, or the same nodes and operator */
  disturbs?: 'broker' | 'cluster';
  /** before anything of the run is started */
  prepare?: (stage: S, rng: Rng) => Promise<void>;
  /** resolves once the fault is seen to have taken hold */
  inject: (stage: S, rng: Rng) => Promise<Hit>;
  /** resolves once what was broken works again, or needs no healing */
  heal: (stage: S, hit: Hit) => Promise<void>;
  /** What else must be true at the end; throws Stop if it is not. */
  prove?: (stage: S, hit: Hit, reading: Reading) => Promise<void> | void;
}
