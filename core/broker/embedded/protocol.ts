/** What workers ask the coordinator, and what it answers: the headers of frames. */
import type { Depth, RunState } from '../port.js';
import type { HaltReason, Wire } from '../../wire/records.js';

/** Raised with every change: coordinator and workers may be of different builds. */
export const PROTOCOL = 1;

/** What many chunks have in common: a task message without these four fields, which each chunk has of its own. */
export type Template = Wire;
export const OWN_FIELDS = ['chunk_id', 'start_param', 'end_param', 'total_in_chunk'] as const;

/** A published chunk's own fields; the fourth is their difference. */
export type Row = readonly [chunkId: string, start: number, end: number];

/** Chunks of several templates: `rows` names them by their place. */
export interface Rows {
  readonly templates: readonly Template[];
  /** Flat, for each chunk: id, attempt, place of its template, chunk id, first and last parameter. */
  readonly rows: readonly (number | string)[];
}
export const ROW = 6;

export type SettleItem =
  /** The next line of the body is its record. */
  | readonly [verb: 'complete', id: number, attempt: number, rest?: readonly Wire[]]
  | readonly [verb: 'split', id: number, attempt: number, pieces: readonly Wire[]]
  | readonly [verb: 'dead-letter', id: number, attempt: number, record: Wire, letter: Wire]
  | readonly [verb: 'retry' | 'release' | 'park' | 'discard', id: number, attempt: number];

export type Question =
  | {
      op: 'hello';
      protocol: number;
      prefix: string;
      /** Of the worker, for messages. */
      name: string;
      /** After so many milliseconds without a heartbeat its leases lapse. */
      staleMs: number;
      retryMs: number;
    }
  | { op: 'receive'; max: number; waitMs: number }
  /** Ends a `receive` early; has no answer of its own. */
  | { op: 'cancel'; receive: number }
  | { op: 'settle'; items: readonly SettleItem[] }
  /** After a lost connection: which of these leases had been settled. */
  | { op: 'settled'; leases: readonly (readonly [id: number, attempt: number])[] }
  | { op: 'extend'; leases: readonly (readonly [id: number, attempt: number])[] }
  /** Takes the right to publish, or renews it. */
  | { op: 'seed'; token: string; listedTo: number }
  | { op: 'seeded'; token: string }
  /** The body has a JSON array of rows. */
  | { op: 'publish'; token: string; listedTo: number; window: number; template: Template }
  /** The queue as it is at page 0, and further pages of that. */
  | { op: 'queued'; page: number }
  | { op: 'append'; record: Wire }
  /** Whole lines of the log from an offset on; with `waitMs` also those to come. */
  | { op: 'read'; from: number; waitMs: number }
  | { op: 'letters'; after: number }
  | { op: 'replay' | 'drop'; letters: readonly string[] }
  | { op: 'states' }
  | { op: 'halt'; runId: string; reason: HaltReason; record: Wire }
  | { op: 'resume'; runId: string; record: Wire }
  | { op: 'forget'; runId: string }
  | { op: 'depth' }
  | { op: 'capacity' }
  /** An operator's, past the port: bytes into queue or log, who holds what, and what is taken away. */
  | { op: 'put'; into: 'queue' | 'log' }
  | { op: 'pending' | 'purge' }
  | { op: 'remove' };

export interface Answers {
  hello: { protocol: number };
  receive: Rows;
  cancel: never;
  /** For each whether the lease was held. */
  settle: { done: readonly (0 | 1)[] };
  settled: { done: readonly (0 | 1)[] };
  extend: { done: readonly (0 | 1)[] };
  seed: { granted: boolean };
  seeded: object;
  /** undefined: the right to publish went to someone else. */
  publish: { published?: number };
  /** `listedTo`: all chunks with higher ids came later. */
  queued: Rows & { listedTo: number; more: boolean };
  append: object;
  /** The body has the lines. */
  read: { next: number; end: boolean };
  /** The body has their lines. */
  letters: { letters: readonly number[]; more: boolean };
  replay: { done: readonly string[] };
  drop: { done: readonly string[] };
  states: { states: Record<string, RunState> };
  halt: object;
  resume: { chunks: number };
  forget: { queued: number; parked: number; deadLetters: number };
  depth: Depth;
  capacity: { memoryUsed: number; memoryLimit: number; diskLimit: number; inMemory: boolean; dir: string };
  put: object;
  pending: { pending: readonly { id: string; consumer: string; deliveries: number }[] };
  purge: { chunks: number };
  remove: object;
}

export type Op = Question['op'];
export type Asked = Question & { n: number };
/** `error` where the coordinator could not do it; nothing is known of what took effect. */
export type Reply = { n: number; error?: string };
