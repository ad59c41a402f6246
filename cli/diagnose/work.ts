/** How work comes about: the seeder publishes it, the ScaledJob makes Jobs of it, Jobs make pods. */
import { plural } from '../../core/runtime/words.js';
import type { Observation, OwnerFacts } from './facts.js';
import { ageSeconds, brief, isHere, kubectl, seedAgain, type Finding, type Rule } from './finding.js';
import { quotaIn } from './kubernetes-words.js';
import { troubleOf } from './pods.js';

const SEEDER = { what: 'seeder', image: 'image.repository, image.tag', resources: 'seeder.resources', since: 0 };
/** A seeder that is at work for longer without anything to show for it waits for something. */
const SEEDING_SECONDS = 60;
/** KEDA looks at a new ScaledJob within seconds, and at its queue every pollingInterval. */
const SEEN_SECONDS = 30;
const JOBS_SECONDS = 20;

/** What may have to be published still; undefined where the log cannot be read. */
function unseeded({ broker }: Observation): number | undefined {
  return broker.reach === 'answers' ? (broker.last.total === 0 ? Infinity : broker.last.unseeded) : undefined;
}

const seeder: Rule = (seen) => {
  const open = unseeded(seen);
  const job = seen.cluster?.seeder;
  if (seen.backend === 'static') return undefined;
  if (!job)
    return open
      ? nothingSeeded(
          seen,
          open,
          seen.cluster
            ? 'there is no seeder Job: it was deleted, or its time to live has passed'
            : isHere(seen)
              ? '`ttg run` was ended before that'
              : 'whether its seeder ran is not to be seen from here',
        )
      : undefined;
  if (job.ended === 'Failed') return failed(seen, job);
  if (job.ended === 'Complete')
    return open
      ? nothingSeeded(
          seen,
          open,
          `its seeder Job ${job.name} completed: the broker has lost what it held since (a pod without a volume was ` +
            'replaced?)',
        )
      : undefined;
  if (job.suspended) {
    const remedy = kubectl(seen, `patch job ${job.name} --type=merge -p '{"spec":{"suspend":false}}'`);
    return { cause: 'nothing-seeded', because: `nothing was seeded: the seeder Job ${job.name} is suspended`, remedy };
  }
  return troubleOf(seen, job, SEEDER) ?? atWork(seen, job);
};

function nothingSeeded(seen: Observation, open: number, why: string): Finding {
  const what =
    open === Infinity
      ? 'nothing was seeded (the log holds no plan of it)'
      : `${plural(open, 'parameter')} of its plan were never seeded`;
  return { cause: 'nothing-seeded', because: `${what}, and ${why}`, remedy: seedAgain(seen) };
}

function failed(seen: Observation, job: OwnerFacts): Finding {
  const last = job.pods.toSorted((a, b) => b.createdAt - a.createdAt)[0];
  const status =
    last?.exit?.code === 2
      ? 'refused its configuration (exit status 2)'
      : last?.exit
        ? `ended with exit status ${last.exit.code}`
        : `failed (${brief(job.endReason)})`;
  const said = last?.lastLine ? `: ${brief(last.lastLine)}` : '';
  return {
    cause: 'seeder-failed',
    because: `the seeder Job ${job.name} ${status}${said}`,
    remedy: `correct what it names; then ${seedAgain(seen)}`,
  };
}

function atWork(seen: Observation, job: OwnerFacts): Finding {
  const pod = job.pods.find(({ phase }) => phase === 'Running');
  const age = ageSeconds(seen, pod?.startedAt ?? job.createdAt);
  const because = pod
    ? `the seeder has been at work for ${age} s`
    : `the seeder Job ${job.name} has been starting for ${age} s`;
  if (age < SEEDING_SECONDS) return { cause: 'starting', because, remedy: '', passing: true };
  const said = pod?.lastLine ? `: ${brief(pod.lastLine)}` : '';
  return {
    cause: 'seeder-waits',
    because: `${because} and has published nothing${said}`,
    remedy: `see ${kubectl(seen, `logs job/${job.name}`)}`,
  };
}

const scaledJob: Rule = (seen) => {
  const { cluster } = seen;
  if (!cluster || seen.backend === 'static' || cluster.keda?.served === false) return undefined;
  const { scaledJob: scaled } = cluster;
  if (!scaled)
    return {
      cause: 'scaledjob-missing',
      because: 'the release has no ScaledJob, so nothing starts workers',
      remedy: `${seedAgain(seen)} and makes it anew`,
    };
  const wake = kubectl(seen, `annotate scaledjob ${scaled.name} --overwrite autoscaling.keda.sh/paused=false`);
  if (scaled.paused)
    return { cause: 'paused', because: `ScaledJob ${scaled.name} is paused, so KEDA starts no worker`, remedy: wake };
  const ready = scaled.conditions.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return undefined;
  // What a ScaledJob begins with: no condition, or one without a word from the operator.
  if (!ready?.reason) {
    const age = ageSeconds(seen, scaled.createdAt);
    if (age < SEEN_SECONDS)
      return {
        cause: 'starting',
        because: `KEDA has not looked at ScaledJob ${scaled.name} yet, which is ${age} s old`,
        remedy: '',
        passing: true,
      };
    return {
      cause: 'scaledjob-not-ready',
      because: `KEDA has not looked at ScaledJob ${scaled.name} for ${age} s`,
      remedy: "see the operator's log, and that its watchNamespace holds this namespace",
    };
  }
  const quota = quotaIn(`${ready.message} ${scaled.warning ?? ''}`);
  if (quota !== undefined) {
    return {
      cause: 'quota',
      because: `the namespace's quota admits no Job of ScaledJob ${scaled.name} (${brief(quota)})`,
      remedy: `raise the quota (${kubectl(seen, 'get resourcequota')}), or lower worker.maxReplicas`,
    };
  }
  return {
    cause: 'scaledjob-not-ready',
    because: `ScaledJob ${scaled.name} is not ready (${brief(`${ready.reason}: ${scaled.warning ?? ready.message}`)})`,
    remedy: `mend what it names; then make KEDA look again: ${wake}`,
  };
};

/** Chunks that someone should work at. */
export function queued({ broker }: Observation): number {
  const depth = broker.reach === 'answers' ? broker.last.depth : undefined;
  return depth ? depth.ready + depth.leased + depth.delayed : 0;
}

export const unfinished = (seen: Observation): OwnerFacts[] =>
  (seen.cluster?.jobs ?? []).filter((job) => job.ended === undefined);

const jobs: Rule = (seen) => {
  const { cluster, broker } = seen;
  if (!cluster) return undefined;
  const open = unfinished(seen);
  if (open.length > 0 && open.every((job) => job.suspended)) {
    return {
      cause: 'jobs-suspended',
      because: `every worker Job is suspended (${open.length})`,
      remedy: `let whoever suspended them (a queue such as Kueue) admit them: ${kubectl(seen, 'describe jobs')}`,
    };
  }
  if (open.length > 0 || queued(seen) === 0 || !cluster.scaledJob) return undefined;
  const since = broker.reach === 'answers' ? Math.max(broker.last.seededAt ?? 0, broker.last.lastResultAt ?? 0) : 0;
  const age = ageSeconds(seen, since);
  if (age < JOBS_SECONDS)
    return {
      cause: 'starting',
      because: `KEDA has not started a worker yet, ${age} s after the last event of the run`,
      remedy: '',
      passing: true,
    };
  const crash = crashes(seen);
  if (crash) return crash;
  return {
    cause: 'no-jobs',
    because:
      `KEDA has started no worker for ${plural(queued(seen), 'chunk')}, ${age} s after the last event of the ` + 'run',
    remedy:
      "see the log of KEDA's operator; to make it look again: " +
      `${kubectl(seen, `annotate scaledjob ${cluster.scaledJob.name} --overwrite autoscaling.keda.sh/paused=0`)}`,
  };
};

const WORKER = { what: 'worker', image: 'image.repository, image.tag', resources: 'worker.resources' };

const sinceLastResult = ({ broker }: Observation): number =>
  broker.reach === 'answers' ? (broker.last.lastResultAt ?? 0) : 0;

/** Of Jobs that ended too: KEDA starts a new one in the place of each that failed. */
function crashes(seen: Observation): Finding | undefined {
  const ended = (seen.cluster?.jobs ?? [])
    .filter((job) => job.ended === 'Failed')
    .toSorted((a, b) => b.createdAt - a.createdAt);
  for (const job of ended) {
    const trouble = troubleOf(seen, job, { ...WORKER, since: sinceLastResult(seen) });
    if (trouble?.cause === 'crash') return trouble;
  }
  return undefined;
}

const pods: Rule = (seen) => {
  let passing: Finding | undefined;
  for (const job of unfinished(seen).filter(({ suspended }) => !suspended)) {
    const trouble = troubleOf(seen, job, { ...WORKER, since: sinceLastResult(seen) });
    if (trouble && !trouble.passing) return trouble;
    const age = ageSeconds(seen, job.createdAt);
    passing ??=
      trouble ??
      (job.pods.length === 0 && age < JOBS_SECONDS
        ? {
            cause: 'starting',
            because: `worker Job ${job.name} is ${age} s old and has no pod yet`,
            remedy: '',
            passing: true,
          }
        : undefined);
  }
  return crashes(seen) ?? passing;
};

export const work: readonly Rule[] = [seeder, scaledJob, jobs, pods];
