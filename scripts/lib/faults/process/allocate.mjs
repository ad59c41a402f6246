/** Preloaded into a worker by the fault worker-oom: at SIGUSR2 the main thread fills its heap until V8 aborts the process. */
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  process.on('SIGUSR2', () => {
    const hoard = [];
    for (;;) hoard.push(new Array(10_000).fill(hoard.length));
  });
}
