/** What a run stands on: KEDA's operator and the broker. */
import { ageSeconds, brief, kubectl, seedAgain, type Finding, type Rule } from './finding.js';
import { troubleOf } from './pods.js';

/** A broker that reads a long log from its disk takes this long, and more. */
const BROKER_START_SECONDS = 120;
/** Redis refuses writes at 1; RabbitMQ blocks publishers from there on. */
const FULL = 0.995;

const noRelease: Rule = ({ cluster }) => {
  if (!cluster || cluster.found) return undefined;
  const { release, namespace, flags } = cluster.address;
  return {
    cause: 'no-release',
    because: `namespace ${namespace} holds nothing of a release ${release}`,
    remedy: `see what is where with \`npx zx scripts/list.mjs\`, or install it: \`npx zx scripts/deploy.mjs${flags}\``,
  };
};

const keda: Rule = (seen) => {
  const facts = seen.cluster?.keda;
  if (!facts || seen.backend === 'static') return undefined;
  const { served, operator } = facts;
  if (!served || !operator) {
    const what = served ? 'has no Deployment keda-operator' : 'does not serve ScaledJobs';
    const again = seen.cluster?.scaledJob ? '' : `; then ${seedAgain(seen)} and makes the ScaledJob anew`;
    return {
      cause: 'keda-missing',
      because: `KEDA is not installed (the cluster ${what}), so nothing starts workers`,
      remedy:
        `\`helm install keda kedacore/keda -n keda --create-namespace\` (repository ` +
        `https://kedacore.github.io/charts)${again}`,
    };
  }
  if (operator.ready > 0) return undefined;
  const where = `Deployment ${operator.namespace}/${operator.name}`;
  const scaled = operator.wanted === 0;
  const pods = operator.pods.length > 0 ? `: ${operator.pods.join(', ')}` : '';
  const notReady = `has 0 of ${operator.wanted} pods ready${pods}`;
  const context = seen.cluster.address.kubectl.replace(/ -n \S+/, '');
  return {
    cause: 'keda-not-ready',
    because:
      `KEDA's operator does not run (${where} ${scaled ? 'is scaled to 0' : notReady}), so nothing starts ` + 'workers',
    remedy: scaled
      ? `\`${context} -n ${operator.namespace} scale deployment/${operator.name} --replicas=1\``
      : `see \`${context} -n ${operator.namespace} describe pods\` and the operator's log`,
  };
};

const brokerSet: Rule = (seen) => {
  const set = seen.cluster?.brokerSet;
  if (!set) return undefined;
  // Its last pod may be ready still, on its way out.
  if (set.wanted === 0) {
    return down(`StatefulSet ${set.name} is scaled to 0`, kubectl(seen, `scale statefulset/${set.name} --replicas=1`));
  }
  if (set.pods.some((pod) => pod.ready)) return undefined;
  const lost = set.pods.find((pod) => pod.node !== undefined && seen.cluster?.notReadyNodes.includes(pod.node));
  if (lost)
    return down(
      `its pod ${lost.name} is on node ${lost.node}, which is not ready`,
      `bring node ${lost.node} back: the pod and its volume are bound to it`,
    );
  const subject = { what: 'broker', image: `${seen.backend}.image`, resources: `${seen.backend}.resources`, since: 0 };
  const trouble = troubleOf(seen, set, subject);
  if (trouble) return trouble;
  const born = Math.max(set.createdAt, ...set.pods.map((pod) => pod.startedAt ?? pod.createdAt));
  const age = ageSeconds(seen, born);
  if (age < BROKER_START_SECONDS)
    return {
      cause: 'starting',
      because: `the broker ${set.name} has been starting for ${age} s`,
      remedy: '',
      passing: true,
    };
  return down(
    `no pod of StatefulSet ${set.name} is ready, ${age} s after its start`,
    kubectl(seen, `logs statefulset/${set.name} --tail=50`),
  );
};

const down = (why: string, remedy: string): Finding => ({
  cause: 'broker-down',
  because: `the broker is down: ${why}`,
  remedy,
});

const reach: Rule = (seen) => {
  const { broker, cluster, backend } = seen;
  if (broker.reach === 'silent')
    return down(
      `${broker.where} does not answer (${brief(broker.reason)})`,
      'see whether it runs, and whether host and port name it',
    );
  if (broker.reach === 'unusable')
    return {
      cause: 'broker-unusable',
      because: `the broker cannot be used: ${brief(broker.reason)}`,
      remedy: 'do what the message says',
    };
  if (broker.reach !== 'refused') return undefined;
  const secret = cluster?.secret ? `Secret ${cluster.secret}` : 'the environment';
  const set = cluster?.brokerSet;
  const restart = set
    ? `, or let it start with the new one: ${kubectl(seen, `rollout restart statefulset/${set.name}`)}`
    : '';
  return {
    cause: 'wrong-password',
    because:
      `the broker at ${broker.where} refuses ${backend === 'redis' ? 'the password' : 'user or password'} in ` +
      `${secret}`,
    remedy: `put the broker's own into ${secret}${restart}; then ${seedAgain(seen)}`,
  };
};

const full: Rule = (seen) => {
  const share = seen.broker.reach === 'answers' ? seen.broker.last.memoryShare : undefined;
  if (share === undefined || share < FULL) return undefined;
  return {
    cause: 'broker-full',
    because: `the broker's memory is full (${Math.round(share * 100)} % of its limit), so whoever writes to it waits`,
    remedy:
      `raise ${seen.backend}.resources.limits.memory and \`helm upgrade\`, or remove what is in it of ` +
      'finished runs',
  };
};

const statistics: Rule = ({ broker, backend }) => {
  if (broker.reach !== 'answers' || broker.last.depth || backend === 'static') return undefined;
  return {
    cause: 'no-statistics',
    because: "the broker's management API does not tell how many chunks are queued, so KEDA cannot count them either",
    remedy: 'enable the plugin rabbitmq_management, give the user the tag monitoring, and check the management port',
  };
};

/** Where its pod says what is wrong, that nobody answers is no news. */
const broker: Rule = (seen) => brokerSet(seen) ?? reach(seen) ?? full(seen) ?? statistics(seen);

export const platform: readonly Rule[] = [noRelease, keda, broker];
