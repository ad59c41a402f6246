/** KEDA's rule on this machine: workers = min(max, ceil(unfinished ÷ chunksPerWorker)), looked at again and again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openBroker } from './broker.mjs';

/**
 * @param {Record<string, string>} env
 * @param {{ max: number, chunksPerWorker: number, running: () => Promise<number>, spawn: () => void, everyMs?: number | undefined }} options everyMs: 1000 when omitted
 * @returns {Promise<{ stop: () => Promise<void> }>}
 */
export async function startScaler(env, { max, chunksPerWorker, running, spawn, everyMs = 1000 }) {
  const over = new AbortController();
  const broker = await openBroker({ ...env, POD_NAME: 'scaler' }, over.signal);
  const loop = async () => {
    while (!over.signal.aborted) {
      const wanted = await broker.depth().then(
        ({ ready, leased, delayed }) =>
          Math.min(max, Math.ceil((ready + leased + (env.QUEUE_BACKEND === 'redis' ? delayed : 0)) / chunksPerWorker)),
        () => 0, // the broker is away: KEDA starts nothing either
      );
      for (let n = wanted - (await running()); n > 0 && !over.signal.aborted; n--) spawn();
      await sleep(everyMs, undefined, { signal: over.signal }).catch(() => {});
    }
  };
  const done = loop();
  return {
    stop: async () => {
      over.abort();
      await done;
      await broker[Symbol.asyncDispose]();
    },
  };
}
