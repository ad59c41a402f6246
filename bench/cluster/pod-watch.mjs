/**
 * Follows the pods of a namespace from their creation to their end, by one watch: it costs the cluster a single call.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Watch } from '@kubernetes/client-node';

/**
 * @typedef {object} PodLife
 * @property {string} name
 * @property {number} seenAt when this process learned of it, milliseconds since the epoch
 * @property {boolean} active pending or running
 * @property {number} activeUntil when it was seen to end
 * @property {number | undefined} startedAt of its container; Kubernetes tells whole seconds
 * @property {number | undefined} finishedAt
 */

export class PodWatch {
  /** @type {Map<string, PodLife>} */
  pods = new Map();
  #over = new AbortController();
  /** @type {Promise<void>} */
  #following;

  /**
   * @param {import('../../dist/ops/cluster/kube.js').Kube} kube
   * @param {string} namespace
   * @param {string} labelSelector
   */
  constructor(kube, namespace, labelSelector) {
    this.#following = this.#follow(new Watch(kube.config), `/api/v1/namespaces/${namespace}/pods`, { labelSelector });
  }

  get active() {
    return [...this.pods.values()].filter((pod) => pod.active).length;
  }

  /** When the last of them was seen to end. */
  get activeUntil() {
    return Math.max(0, ...[...this.pods.values()].map((pod) => pod.activeUntil));
  }

  /** Seconds that containers ran, all together. */
  get seconds() {
    return [...this.pods.values()].reduce(
      (sum, pod) => sum + (pod.startedAt && pod.finishedAt ? (pod.finishedAt - pod.startedAt) / 1000 : 0),
      0,
    );
  }

  /**
   * Until there was no active pod for `holdMs`: a scaler that is behind may start one after the last has gone.
   * @param {number} holdMs
   * @param {AbortSignal} signal
   */
  async untilGone(holdMs, signal) {
    let since = Date.now();
    while (Date.now() - since < holdMs) {
      await sleep(50, undefined, { signal });
      if (this.active > 0) since = Date.now();
    }
  }

  async close() {
    this.#over.abort();
    await this.#following;
  }

  /**
   * @param {Watch} watch
   * @param {string} path
   * @param {{ labelSelector: string }} query
   */
  async #follow(watch, path, query) {
    while (!this.#over.signal.aborted) {
      await new Promise((resolve, reject) => {
        const ended = watch.watch(path, query, (type, pod) => this.#note(type, pod), resolve);
        ended.then(
          (request) => this.#over.signal.addEventListener('abort', () => request.abort(), { once: true }),
          reject,
        );
      }).catch(() => sleep(200));
    }
  }

  /**
   * @param {string} type
   * @param {import('@kubernetes/client-node').V1Pod} pod as JSON: times are text
   */
  #note(type, { metadata, status }) {
    const now = Date.now();
    const name = metadata?.name ?? '';
    const life = this.pods.get(name) ?? {
      name,
      seenAt: now,
      active: true,
      activeUntil: 0,
      startedAt: undefined,
      finishedAt: undefined,
    };
    this.pods.set(name, life);
    const state = status?.containerStatuses?.[0]?.state;
    const time = (/** @type {unknown} */ text) => (text ? Date.parse(String(text)) : undefined);
    life.startedAt ??= time(state?.running?.startedAt ?? state?.terminated?.startedAt);
    life.finishedAt ??= time(state?.terminated?.finishedAt);
    if (!life.active || (type !== 'DELETED' && status?.phase !== 'Succeeded' && status?.phase !== 'Failed')) return;
    life.active = false;
    life.activeUntil = now;
  }
}
