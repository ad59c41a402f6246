/** Why a StatefulSet or a Job has no pod that runs: the same few reasons for broker, seeder and workers. */
import type { Observation, OwnerFacts, PodFacts } from './facts.js';
import { ageSeconds, brief, kubectl, type Finding } from './finding.js';
import { creationError, quotaIn, shortageIn, withoutPreemption } from './kubernetes-words.js';

const IMAGE = /^(ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName|RegistryUnavailable)$/;
/** A pod that is younger is still being made. */
const PATIENCE_SECONDS = 90;

export interface Subject {
  /** `worker`, `seeder`, `broker`. */
  readonly what: string;
  /** The chart's values that mend image and resources. */
  readonly image: string;
  readonly resources: string;
  /** Ends before this moment are history. */
  readonly since: number;
}

/** The first trouble of the owner's pods, in the order in which a pod comes to be. */
export function troubleOf(seen: Observation, owner: OwnerFacts, subject: Subject): Finding | undefined {
  const pods = owner.pods.filter((pod) => !pod.leaving && pod.phase !== 'Succeeded');
  if (pods.length === 0 && owner.createError !== undefined) return refused(seen, owner, owner.createError, subject);
  const rules = [unschedulable, image, crashed, stuck];
  for (const rule of rules) {
    for (const pod of pods) {
      const finding = rule(seen, pod, subject);
      if (finding) return finding;
    }
  }
  return undefined;
}

function refused(seen: Observation, owner: OwnerFacts, error: string, { what, resources }: Subject): Finding {
  const quota = quotaIn(error);
  if (quota !== undefined) {
    return {
      cause: 'quota',
      because: `the namespace's quota admits no ${what} pod for ${owner.kind} ${owner.name} (${brief(quota)})`,
      remedy: `raise the quota (${kubectl(seen, 'get resourcequota')}), or lower ${resources}`,
    };
  }
  return {
    cause: 'pod-refused',
    because: `the cluster refuses the ${what} pod of ${owner.kind} ${owner.name} (${brief(creationError(error))})`,
    remedy:
      "change the policy that the message names (Pod Security, LimitRange or an admission webhook), or the chart's " +
      'values that it objects to',
  };
}

function unschedulable(seen: Observation, pod: PodFacts, { what, resources }: Subject): Finding | undefined {
  if (pod.unschedulable === undefined || pod.phase !== 'Pending') return undefined;
  const message = brief(withoutPreemption(pod.unschedulable));
  const shortage = shortageIn(message);
  const remedy =
    shortage === 'volume'
      ? `see ${kubectl(seen, 'get pvc')}: name a storage class that exists (${seen.backend}.persistence.storageClass)`
      : shortage === 'resources'
        ? `add nodes, or lower ${resources}`
        : `correct ${what === 'worker' ? 'worker.nodeSelector, worker.affinity or worker.tolerations' : 'labels and taints of the nodes'}, or add nodes that fit`;
  return { cause: 'unschedulable', because: `no node takes ${what} pod ${pod.name} (${message})`, remedy };
}

function image(_seen: Observation, pod: PodFacts, { what, image }: Subject): Finding | undefined {
  if (!pod.waiting || !IMAGE.test(pod.waiting.reason)) return undefined;
  const name = pod.waiting.image;
  const isUsers = what === 'worker' && !/(^|\/)ttg[:@]/.test(name);
  const load = isUsers
    ? `kind load docker-image ${name}`
    : `npx zx scripts/build.mjs --version ${name.split(':').at(-1)} --load-kind`;
  const own = what === 'broker' ? '' : `on Kind \`${load}\`, elsewhere push it; or `;
  return {
    cause: 'image-pull',
    because: `the image ${name} of ${what} pod ${pod.name} cannot be pulled (${pod.waiting.reason})`,
    remedy: `${own}correct ${isUsers ? 'worker.image' : image} or image.pullSecrets`,
  };
}

function crashed(seen: Observation, pod: PodFacts, { what, resources, since }: Subject): Finding | undefined {
  const { exit } = pod;
  if (!exit || exit.at < since || pod.ready) return undefined;
  const how =
    exit.reason === 'OOMKilled'
      ? 'was killed for using more memory than its limit'
      : `ended with exit status ${exit.code}${exit.code === 2 && what !== 'broker' ? ', which means a configuration that it refuses' : ''}`;
  const said = pod.lastLine ? `: ${brief(pod.lastLine)}` : '';
  const remedy =
    exit.reason === 'OOMKilled'
      ? `raise the memory limit in ${resources}`
      : `mend what the log names (${kubectl(seen, `logs ${pod.name}`)})`;
  return { cause: 'crash', because: `${what} pod ${pod.name} ${how}${said}`, remedy };
}

function stuck(seen: Observation, pod: PodFacts, { what }: Subject): Finding | undefined {
  if (pod.phase !== 'Pending') return undefined;
  const age = ageSeconds(seen, pod.createdAt);
  if (age < PATIENCE_SECONDS)
    return {
      cause: 'starting',
      because: `${what} pod ${pod.name} has been starting for ${age} s`,
      remedy: '',
      passing: true,
    };
  const why = pod.warning ?? pod.waiting?.message ?? '';
  return {
    cause: 'pod-stuck',
    because:
      `${what} pod ${pod.name} has been ${pod.waiting?.reason ?? 'Pending'} for ${age} ` +
      `s${why ? ` (${brief(why)})` : ''}`,
    remedy: `see ${kubectl(seen, `describe pod ${pod.name}`)}`,
  };
}
