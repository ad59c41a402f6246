/** The broker's pod of a release: killed from inside, seen dead, and ready again on its volume. */
import type { V1Pod } from '@kubernetes/client-node';
import { arm, signalScript, signalInPod } from '../../ops/cluster/exec.js';
import { isReady, podState } from '../../ops/cluster/kube.js';
import { endOf, nameOf, podsOf } from '../../ops/cluster/pods.js';
import type { Where } from '../../ops/cluster/release.js';
import { Stop } from '../../ops/script/stop.js';
import type { Until } from '../../ops/script/wait.js';

export function brokerOf(where: Where, backend: 'redis' | 'rabbitmq', until: Until) {
  const pod = async () => {
    const [found] = await podsOf(where, backend);
    if (!found) throw new Error(`there is no pod of ${backend}`);
    return found;
  };
  const container = (one: V1Pod) => one.status?.containerStatuses?.[0]?.containerID ?? '';
  /** The id of its container is another one than before, so that very process is gone. */
  const replaced = async (before: string) => {
    const now = await until(async () => {
      const one = await pod();
      return (container(one) !== before || endOf(one) !== undefined) && one;
    }, `the container of ${backend} ended`);
    return `${nameOf(now)}: container ${short(before)} ended with exit status ${endOf(now)?.exitCode}`;
  };
  return {
    pod,
    /** @returns how it was seen */
    kill: async (): Promise<string> => {
      const one = await pod();
      const before = container(one);
      await signalInPod(where, nameOf(one), signalScript(backend, 'KILL'));
      return replaced(before);
    },
    /** Armed for a moment that passes too quickly for a new session; `fire` resolves with how it was seen. */
    armKill: async () => {
      const one = await pod();
      const before = container(one);
      const armed = await arm(where, nameOf(one), signalScript(backend, 'KILL'));
      return {
        disarm: armed.disarm,
        fire: async () => {
          const { at } = await armed.fire();
          return { at, observed: await replaced(before) };
        },
      };
    },
    replaced,
    container: async () => container(await pod()),
    /** Takes connections again. */
    ready: async () => {
      await until(async () => {
        const one = await pod();
        const waiting = one.status?.containerStatuses?.[0]?.state?.waiting;
        if (/^(ErrImage|ImagePullBackOff|InvalidImageName)/.test(waiting?.reason ?? ''))
          throw new Stop(`${podState(one)}: ${waiting?.message ?? ''}`);
        return isReady(one);
      }, `${backend} ready`);
    },
  };
}

/** @param id `containerd://…` */
function short(id: string) {
  return id.replace(/^.*\/\//, '').slice(0, 12);
}
