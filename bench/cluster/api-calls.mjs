/** How many calls the API server answered, from its own counters: what a run costs the control plane. */
import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {Map<string, number>} Calls number by `VERB resource`; the counters do not say who called */

const SAMPLE = /^apiserver_request_total\{([^}]*)\} (\S+)$/gm;
/**
 * A watch is counted when it ends, which says nothing about the run; leases and node states are the cluster's own
 * pulse.
 */
const PULSE = /^WATCH |^\S+ (leases|nodes)\b/;

/**
 * @param {import('../../dist/ops/script/frame.js').Script} run
 * @param {string} context
 * @returns {Promise<Calls>} since the server's start
 */
export async function readCalls(run, context) {
  const { stdout } = await run.sh`kubectl --context ${context} get --raw /metrics`;
  /** @type {Calls} */
  const calls = new Map();
  for (const [, labels = '', value] of stdout.matchAll(SAMPLE)) {
    const of = (/** @type {string} */ name) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    const subresource = of('subresource');
    const key = `${of('verb')} ${of('resource') || 'paths without a resource'}${subresource ? `/${subresource}` : ''}`;
    if (!PULSE.test(key)) calls.set(key, (calls.get(key) ?? 0) + Number(value));
  }
  return calls;
}

/**
 * What the cluster does when nothing is asked of it, a second.
 * @param {import('../../dist/ops/script/frame.js').Script} run
 * @param {string} context
 * @param {number} seconds how long to look
 * @returns {Promise<Calls>}
 */
export async function readBackground(run, context, seconds) {
  const before = await readCalls(run, context);
  const began = performance.now();
  await sleep(seconds * 1000, undefined, { signal: run.signal });
  const after = await readCalls(run, context);
  const took = (performance.now() - began) / 1000;
  return new Map([...after].map(([key, value]) => [key, (value - (before.get(key) ?? 0)) / took]));
}

/**
 * @param {Calls} before
 * @param {Calls} after
 * @param {Calls} background a second
 * @param {number} seconds
 * @returns {Array<[key: string, calls: number]>} most first, less the background's share
 */
export function difference(before, after, background, seconds) {
  return [...after]
    .map(
      ([key, value]) =>
        /** @type {[string, number]} */ ([
          key,
          Math.round(value - (before.get(key) ?? 0) - (background.get(key) ?? 0) * seconds),
        ]),
    )
    .filter(([, calls]) => calls > 0)
    .sort((a, b) => b[1] - a[1]);
}
