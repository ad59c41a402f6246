/** Watches a release's worker Jobs and pods over time: how many there were at once, and when the last one was gone. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Release } from './release.js';

export class WorkerObserver implements AsyncDisposable {
  /** Most unfinished worker Jobs seen at the same time: what KEDA holds against its maximum. */
  peakJobs = 0;
  /** All worker pods that were seen, by name, and when each was seen first: milliseconds since the epoch. */
  readonly pods = new Map<string, number>();
  /** Milliseconds since the epoch of the last look that saw a worker pod pending or running. */
  lastActiveAt = 0;
  readonly #release: Release;
  readonly #over = new AbortController();
  readonly #looking: Promise<void>;

  constructor(release: Release) {
    this.#release = release;
    this.#looking = this.#look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#looking;
  }

  async #look(): Promise<void> {
    while (!this.#over.signal.aborted) {
      const seen = await Promise.all([this.#release.workerJobs(), this.#release.pods('worker')]).catch(() => undefined);
      if (seen) {
        const [jobs, pods] = seen;
        const now = Date.now();
        const unfinished = jobs.filter(
          (job) =>
            !job.status?.conditions?.some((c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True'),
        );
        this.peakJobs = Math.max(this.peakJobs, unfinished.length);
        for (const name of pods.map((pod) => pod.metadata?.name ?? ''))
          if (!this.pods.has(name)) this.pods.set(name, now);
        if (pods.some((pod) => pod.status?.phase === 'Pending' || pod.status?.phase === 'Running'))
          this.lastActiveAt = now;
      }
      await delay(200, undefined, { signal: this.#over.signal }).catch(() => undefined);
    }
  }
}
