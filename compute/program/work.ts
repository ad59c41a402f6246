/** The parameters of a batch on their way through a program: handed out in order, taken back in any. */
import type { Chunk } from '../../core/model/chunk.js';
import { size } from '../../core/model/interval.js';
import { UnfitValue } from '../../core/model/value-text.js';
import type { Value } from '../../core/model/value.js';
import type { Failure, Outcome } from '../executor.js';
import { Summariser } from '../summarise.js';

/** Outcomes are handed over at most this often, so that short chunks are settled in batches. */
const HAND_OVER_MS = 20;
const LOOK_MS = 1000;

export interface WorkOptions {
  readonly settled: (outcomes: readonly Outcome[]) => void;
  readonly signal: AbortSignal;
  /** So long a chunk of several parameters may take in all. */
  readonly chunkLimitMs: number;
  readonly progress: () => void;
}

/** One parameter of the batch. */
export interface Item {
  readonly job: Job;
  readonly index: number;
  /** It was in trouble together with others, and is to be computed by itself. */
  readonly isAlone?: boolean;
}

/** What went wrong with one parameter. */
export type Fault = Omit<Failure, 'parameter'>;

export class Job {
  readonly summariser: Summariser;
  /** Aborts when the chunk has failed: what is still computed of it is of no use. */
  readonly over = new AbortController();
  readonly #early = new Map<number, Value>();
  startedAt = '';
  started = 0;
  #next: number;

  constructor(
    readonly position: number,
    readonly chunk: Chunk,
  ) {
    this.summariser = new Summariser(chunk.keepValues);
    this.#next = chunk.start;
  }

  get isDone(): boolean {
    return this.#next > this.chunk.end;
  }

  /** The parameter whose value is taken next: the one to blame where that fails. */
  get next(): number {
    return this.#next;
  }

  /** Values are kept in the order of their parameters, whatever the order in which they come. */
  add(index: number, value: Value): void {
    if (index !== this.#next) {
      if (index > this.#next) this.#early.set(index, value);
      return;
    }
    this.#take(value);
    for (let early; (early = this.#early.get(this.#next)) !== undefined;) {
      this.#early.delete(this.#next);
      this.#take(early);
    }
  }

  /** A chunk is done when its last value is taken, not when it was refused. */
  #take(value: Value): void {
    this.summariser.add(this.#next, value);
    this.#next++;
  }
}

export class Work implements Disposable {
  readonly #jobs: readonly Job[];
  readonly #options: WorkOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #again: Item[] = [];
  #at = 0;
  #index: number;
  #open: number;
  #outcomes: Outcome[] = [];
  #handedOver = performance.now();
  #handingOver: NodeJS.Timeout | undefined;
  #finish: () => void = () => undefined;
  /** Resolves when every chunk has its outcome. */
  readonly finished = new Promise<void>((resolve) => (this.#finish = resolve));

  /** @param chunks with their positions in the batch */
  constructor(chunks: readonly (readonly [number, Chunk])[], options: WorkOptions) {
    this.#jobs = chunks.map(([position, chunk]) => new Job(position, chunk));
    this.#options = options;
    this.#open = chunks.length;
    this.#index = this.#jobs[0]?.chunk.start ?? 0;
    this.#timer = setInterval(() => this.#look(), Math.min(LOOK_MS, options.chunkLimitMs / 4));
  }

  get isOver(): boolean {
    return this.#open === 0 || this.#options.signal.aborted;
  }

  /** The next parameter to compute; undefined where all of them are handed out. */
  next(): Item | undefined {
    for (let item; (item = this.#again.shift());) if (!item.job.over.signal.aborted) return item;
    for (let job; (job = this.#jobs[this.#at]);) {
      if (this.#index <= job.chunk.end && !job.over.signal.aborted) {
        if (job.startedAt === '') this.#start(job);
        return { job, index: this.#index++ };
      }
      this.#index = this.#jobs[++this.#at]?.chunk.start ?? 0;
    }
    return undefined;
  }

  /** As `next`, and those that follow it in its chunk: up to `most` in all. Empty where all of them are handed out. */
  take(most: number): Item[] {
    const items: Item[] = [];
    for (let last = this.next(); last; last = items.length < most ? this.#after(last) : undefined) items.push(last);
    return items;
  }

  /** They were not computed, through no fault of theirs: `next` gives them once more, in this order. */
  putBack(items: readonly Item[]): void {
    this.#again.unshift(...items);
  }

  #after({ job, index, isAlone = false }: Item): Item | undefined {
    if (isAlone) return undefined;
    const [again] = this.#again;
    if (again) {
      const follows = again.job === job && again.index === index + 1 && !again.isAlone;
      return follows ? this.#again.shift() : undefined;
    }
    const follows = this.#jobs[this.#at] === job && this.#index === index + 1 && this.#index <= job.chunk.end;
    return follows ? { job, index: this.#index++ } : undefined;
  }

  computed({ job, index }: Item, value: Value): void {
    if (job.over.signal.aborted || job.isDone) return;
    try {
      job.add(index, value);
    } catch (thrown) {
      if (!(thrown instanceof UnfitValue)) throw thrown;
      const { message } = thrown;
      return this.failed({ job, index: job.next }, { message, stack: '', blame: 'parameter', retryable: false });
    }
    this.#options.progress();
    if (!job.isDone) return;
    this.#settle({
      index: job.position,
      computed: {
        summary: job.summariser.summary(),
        digest: job.summariser.digest(),
        ...job.summariser.kept(),
        startedAt: job.startedAt,
        completedAt: new Date().toISOString(),
        durationSeconds: Math.round(performance.now() - job.started) / 1000,
      },
    });
  }

  failed({ job, index }: Item, fault: Fault): void {
    if (fault.blame === 'parameter') return this.#fail(job, { ...fault, parameter: index });
    // Of every other chunk the same would come.
    for (const each of this.#jobs) this.#fail(each, fault);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    clearTimeout(this.#handingOver);
    for (const job of this.#jobs) job.over.abort();
  }

  #start(job: Job): void {
    job.startedAt = new Date().toISOString();
    job.started = performance.now();
  }

  #fail(job: Job, failure: Failure): void {
    if (job.over.signal.aborted || job.isDone) return;
    job.over.abort();
    this.#settle({ index: job.position, failure });
  }

  #settle(outcome: Outcome): void {
    if (this.#options.signal.aborted) return;
    this.#outcomes.push(outcome);
    this.#open--;
    const due = this.#handedOver + HAND_OVER_MS - performance.now();
    if (due <= 0 || this.#open === 0) this.#handOver();
    else this.#handingOver ??= setTimeout(() => this.#handOver(), due);
  }

  #handOver(): void {
    clearTimeout(this.#handingOver);
    this.#handingOver = undefined;
    this.#handedOver = performance.now();
    if (this.#outcomes.length > 0 && !this.#options.signal.aborted) this.#options.settled(this.#outcomes.splice(0));
    if (this.#open === 0) this.#finish();
  }

  /** A chunk whose parameters are each fast enough, but not all of them together, is split at once. */
  #look(): void {
    const { chunkLimitMs } = this.#options;
    for (const job of this.#jobs) {
      const isLate = job.startedAt !== '' && performance.now() - job.started > chunkLimitMs && !job.isDone;
      if (!isLate || size(job.chunk) === 1) continue;
      const message = `took longer than CHUNK_TIMEOUT_SECONDS=${chunkLimitMs / 1000} with all its parameters`;
      this.#fail(job, { message, stack: '', blame: 'parameter', retryable: false });
    }
  }
}
