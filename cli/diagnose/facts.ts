/**
 * What was seen of a run and of its release: facts as plain data, without a judgement. Times are milliseconds since the
 * epoch.
 */
import type { Depth } from '../../core/broker/port.js';
import type { HaltReason } from '../../core/wire/records.js';

export interface Observation {
  readonly runId: string;
  /** static: an Indexed Job without a queue, a seeder or KEDA. */
  readonly backend: 'redis' | 'rabbitmq' | 'embedded' | 'static';
  /** The command line of a run on this machine, by `ttg run`; undefined for all others, and where it is not known. */
  readonly command?: string | undefined;
  /** When the last look ended. */
  readonly now: number;
  /** The longest that one attempt of a chunk may compute; undefined where the worker's environment is not known. */
  readonly chunkTimeoutSeconds: number | undefined;
  readonly broker: BrokerFacts;
  /** undefined where only the broker could be asked. */
  readonly cluster: ClusterFacts | undefined;
}

export type BrokerFacts =
  | { readonly reach: 'answers'; readonly first: Look; readonly last: Look }
  /** - silent: no answer. refused: user or password is wrong. unusable: anything else that waiting does not mend. */
  | { readonly reach: 'silent' | 'refused' | 'unusable'; readonly where: string; readonly reason: string }
  | { readonly reach: 'unasked' };

/** The log and the queue at one moment. */
export interface Look {
  readonly at: number;
  /** Parameters of the plan; 0 where the log holds none. */
  readonly total: number;
  readonly done: number;
  readonly dead: number;
  /** Parameters of the plan of which nothing says that they were published. */
  readonly unseeded: number;
  readonly lastResultAt: number | undefined;
  /** When the newest chunks were published. */
  readonly seededAt: number | undefined;
  /** Parameters a second over the whole run. */
  readonly rate: number | null;
  readonly deadLetters: readonly {
    readonly start: number;
    readonly end: number;
    readonly attempts: number;
    readonly error: string;
  }[];
  /** undefined where there is no queue, or the broker does not tell. */
  readonly depth: Depth | undefined;
  /** Share of the broker's memory limit that is used; undefined where it does not tell. */
  readonly memoryShare: number | undefined;
  /** Set while the run takes no chunks. */
  readonly halted:
    | {
        readonly reason: HaltReason;
        readonly maxDead: number;
        /** The error of which most parameters died. */
        readonly commonest: CauseOfDeath | undefined;
        /** Set where the computation cannot start, and no parameter is to blame. */
        readonly error?: string;
      }
    | undefined;
}

export interface CauseOfDeath {
  readonly parameters: number;
  readonly error: string;
  /**
   * Whether chunks of several parameters died as wholes. Workers split every chunk that fails, unless nothing of it can
   * be computed because the computation cannot be loaded.
   */
  readonly whole: boolean;
}

export interface ClusterFacts {
  /** How remedies address this release. */
  readonly address: {
    readonly kubectl: string;
    readonly helm: string;
    readonly flags: string;
    readonly namespace: string;
    readonly release: string;
  };
  /** Whether the namespace holds any object of the release. */
  readonly found: boolean;
  /** undefined where we may not see it. */
  readonly keda: { readonly served: boolean; readonly operator: OperatorFacts | undefined } | undefined;
  readonly notReadyNodes: readonly string[];
  /** undefined for a broker of someone else's. */
  readonly brokerSet: OwnerFacts | undefined;
  /** The Secret with the broker's password. */
  readonly secret: string | undefined;
  /** The newest one of the run. */
  readonly seeder: OwnerFacts | undefined;
  readonly scaledJob: ScaledJobFacts | undefined;
  /** Worker Jobs, finished ones too. */
  readonly jobs: readonly OwnerFacts[];
}

export interface OperatorFacts {
  readonly namespace: string;
  readonly name: string;
  readonly wanted: number;
  readonly ready: number;
  /** Where its pods are: `keda-operator-x Pending (ImagePullBackOff)`. */
  readonly pods: readonly string[];
}

export interface ScaledJobFacts {
  readonly name: string;
  readonly createdAt: number;
  readonly paused: boolean;
  readonly maxReplicas: number;
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
  }[];
  /** The newest complaint of KEDA about it. */
  readonly warning: string | undefined;
}

/** A StatefulSet or a Job with its pods. */
export interface OwnerFacts {
  readonly kind: 'StatefulSet' | 'Job';
  readonly name: string;
  readonly createdAt: number;
  /** Pods it should have. */
  readonly wanted: number;
  readonly suspended: boolean;
  readonly ended: 'Complete' | 'Failed' | undefined;
  /** Why it failed: `BackoffLimitExceeded …`. */
  readonly endReason: string;
  readonly pods: readonly PodFacts[];
  /** Why its controller could not make a pod, of late. */
  readonly createError: string | undefined;
}

export interface PodFacts {
  readonly name: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly leaving: boolean;
  readonly node: string | undefined;
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  /** The container that waits, if one does. */
  readonly waiting: { readonly reason: string; readonly message: string; readonly image: string } | undefined;
  /** The scheduler's words. */
  readonly unschedulable: string | undefined;
  /** How its container ended last, if not well. */
  readonly exit: { readonly code: number; readonly reason: string; readonly at: number } | undefined;
  /** Of the container's log, where someone fetched it. */
  readonly lastLine: string | undefined;
  /** The newest Warning event. */
  readonly warning: string | undefined;
}
