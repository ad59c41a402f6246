/**
 * What two looks at log and queue say: the run is complete, it moves, it computes something long, or its workers hang.
 */
import { describeIntervals } from '../../core/model/interval.js';
import { WAITING_FOR_STORE } from '../../core/store/retry.js';
import { plural } from '../../core/runtime/words.js';
import type { Look, Observation, PodFacts } from './facts.js';
import { ageSeconds, brief, isHere, kubectl, runAgain, seedAgain, ttg, type Finding, type Rule } from './finding.js';
import { unfinished } from './work.js';

/**
 * Over a chunk's limit the worker ends it, reports the failure and starts anew: with all that it must be over by then.
 */
const LIMIT_MARGIN_SECONDS = 60;
/** A worker that is up for so long has connected and asked for work. */
const UP_SECONDS = 20;
const DEAD_SHOWN = 5;
/** Where only a broker was asked. */
export const ASK_CLUSTER = 'ask the cluster too: `npx zx scripts/why.mjs`, where kubectl reaches it';

export const runningWorkers = (seen: Observation): PodFacts[] =>
  unfinished(seen)
    .flatMap((job) => job.pods)
    .filter((pod) => pod.phase === 'Running' && !pod.leaving);

/** Nothing is left to compute, and nobody is about to publish more. */
export function isFinished({ broker, cluster }: Observation): boolean {
  if (broker.reach !== 'answers' || broker.last.total === 0) return false;
  const seeder = cluster?.seeder;
  const moreToCome = seeder !== undefined && seeder.ended !== 'Complete';
  return !moreToCome && broker.last.done + broker.last.dead >= broker.last.total;
}

/** What shows that the run is on its way, as a sentence; undefined where nothing does. */
export function motion(seen: Observation): string | undefined {
  const { broker, runId } = seen;
  if (broker.reach !== 'answers') return undefined;
  const { first, last } = broker;
  const accounted = last.done + last.dead - first.done - first.dead;
  if (accounted > 0) return moving(seen, last, (accounted / (last.at - first.at)) * 1000);
  if (isComputing(seen, last)) return computing(seen, last);
  if (first.total !== last.total || last.unseeded < first.unseeded)
    return (
      `${runId} is being seeded: ${plural(last.total - last.unseeded, 'parameter')} of ` +
      `${last.total.toLocaleString('en')} are published`
    );
  const d = last.depth;
  if (d && d.delayed > 0 && d.ready + d.leased === 0)
    return (
      `${runId} waits: ${plural(d.delayed, 'chunk')} failed and will be tried again once the retry delay has ` +
      'passed'
    );
  return undefined;
}

function moving(seen: Observation, last: Look, rate: number): string {
  const left = last.total - last.done - last.dead;
  const dead = last.dead > 0 ? `, ${plural(last.dead, 'parameter')} dead` : '';
  const togo = `about ${Math.ceil(left / rate).toLocaleString('en')} s to go`;
  const speed = `${rate.toLocaleString('en', { maximumFractionDigits: 1 })} parameters/s`;
  return (
    `${seen.runId} is moving: ${left.toLocaleString('en')} of ${plural(last.total, 'parameter')} ${areIs(left)} ` +
    `left, ${workers(seen)} at ${speed}, ${togo}${dead}`
  );
}

const areIs = (n: number): string => (n === 1 ? 'is' : 'are');

/** Enough workers are no fault: the most that the chart allows are said as such. */
function workers(seen: Observation): string {
  if (!seen.cluster) return 'workers';
  const running = runningWorkers(seen).length;
  const most = seen.cluster.scaledJob?.maxReplicas;
  return `${plural(running, 'worker')}${running === most ? ' (the most that worker.maxReplicas allows)' : ''}`;
}

/** Somebody who is alive holds chunks. A lease whose holder has missed heartbeats shows nothing. */
function isComputing(seen: Observation, { depth }: Look): boolean {
  const alive = seen.cluster ? runningWorkers(seen).length > 0 : true;
  if (!depth) return seen.backend === 'static' && alive && seen.cluster !== undefined;
  return (
    alive &&
    depth.leased - depth.stale > 0 &&
    quietSeconds(seen) <= (seen.chunkTimeoutSeconds ?? Infinity) + LIMIT_MARGIN_SECONDS
  );
}

/** For how long no chunk has ended although somebody could have worked at one. */
function quietSeconds(seen: Observation): number {
  const last = seen.broker.reach === 'answers' ? seen.broker.last : undefined;
  const starts = runningWorkers(seen).map((pod) => pod.startedAt ?? pod.createdAt);
  return ageSeconds(
    seen,
    Math.max(last?.lastResultAt ?? 0, last?.seededAt ?? 0, starts.length ? Math.min(...starts) : 0),
  );
}

function computing(seen: Observation, { depth }: Look): string {
  const who = depth ? `${plural(depth.leased - depth.stale, 'chunk')} held by ${workers(seen)}` : workers(seen);
  const limit =
    seen.chunkTimeoutSeconds === undefined
      ? ''
      : `, and a chunk may take ${seen.chunkTimeoutSeconds} s (worker.chunkTimeoutSeconds)`;
  return `${seen.runId} is computing: ${who}, none has ended for ${quietSeconds(seen)} s${limit}`;
}

const workerLabels = ({ cluster }: Observation): string =>
  `${cluster ? `app.kubernetes.io/instance=${cluster.address.release},` : ''}ttg.io/component=worker`;

const hung: Rule = (seen) => {
  const { broker, cluster } = seen;
  const depth = broker.reach === 'answers' ? broker.last.depth : undefined;
  const before = broker.reach === 'answers' ? broker.first.depth : undefined;
  if (!depth || !before || depth.ready + depth.leased === 0) return undefined;
  const quiet = quietSeconds(seen);
  const running = runningWorkers(seen);
  // Alive and at work, but no attempt ends within its limit: see motion().
  if (depth.leased - depth.stale > 0) {
    if (cluster && running.length === 0) return undefined;
    return {
      cause: 'over-limit',
      because:
        `workers hold ${plural(depth.leased - depth.stale, 'chunk')} and none has ended for ${quiet} s, longer than ` +
        `a chunk may take (${seen.chunkTimeoutSeconds} s): chunks exceed the limit and are tried again`,
      remedy:
        'raise worker.chunkTimeoutSeconds or take smaller chunks; see ' +
        kubectl(seen, `logs -l ${workerLabels(seen)} --prefix`),
    };
  }
  if (!cluster) {
    const who =
      depth.stale > 0
        ? `the workers that hold ${plural(depth.stale, 'chunk')} have missed their heartbeats, and no other takes ` +
          'them over'
        : `${plural(depth.ready, 'chunk')} ${areIs(depth.ready)} ready and no worker takes ` +
          `${depth.ready === 1 ? 'it' : 'them'}`;
    return { cause: 'no-workers', because: who, remedy: isHere(seen) ? `${runAgain(seen)} goes on` : ASK_CLUSTER };
  }
  if (running.length === 0) return undefined;
  const waits = running.find(({ lastLine }) => lastLine?.startsWith(WAITING_FOR_STORE));
  if (waits)
    return {
      cause: 'store-away',
      because: `the store of its values does not answer; a worker is ${brief(waits.lastLine ?? '', 240)}`,
      remedy:
        'bring the store back (results.s3 or results.directory names it): workers go on by themselves, and nothing is lost',
    };
  const up = Math.min(...running.map((pod) => ageSeconds(seen, pod.startedAt ?? pod.createdAt)));
  if (up < UP_SECONDS || before.leased - before.stale > 0) {
    return {
      cause: 'starting',
      because: `${plural(running.length, 'worker')} up, the youngest for ${up} s, holding nothing at this moment`,
      remedy: '',
      passing: true,
    };
  }
  const evidence =
    depth.stale > 0
      ? `${plural(depth.stale, 'chunk')} that they hold ` +
        `${depth.stale === 1 ? 'has missed its' : 'have missed their'} heartbeats`
      : `${plural(depth.ready, 'chunk')} ${areIs(depth.ready)} ready and they hold none`;
  const deleted = `delete pods -l ${workerLabels(seen)} --field-selector=status.phase=Running --force --grace-period=0`;
  return {
    cause: 'all-hung',
    because: `every running worker hangs (${running.length}): ${evidence}, and no chunk has ended for ${quiet} s`,
    remedy: `${kubectl(seen, deleted)}: others compute their chunks, and nothing counts twice`,
  };
};

/** Nothing is queued and nothing is computed, but parameters are missing. */
const queueLost: Rule = (seen) => {
  const { broker } = seen;
  if (broker.reach !== 'answers' || broker.last.total === 0) return undefined;
  const { depth, total, done, dead, unseeded } = broker.last;
  const missing = total - done - dead - unseeded;
  if (!depth || depth.ready + depth.leased + depth.delayed > 0 || missing <= 0) return undefined;
  if (depth.parked > 0)
    return {
      cause: 'parked',
      because:
        `${plural(missing, 'parameter')} ${areIs(missing)} neither recorded nor queued, and ` +
        `${plural(depth.parked, 'chunk')} ` +
        `${areIs(depth.parked)} parked: a worker put them aside while their run was halted`,
      remedy: `${ttg(seen, 'resume', seen.runId)} puts them back into the queue`,
    };
  return {
    cause: 'queue-lost',
    because:
      missing === 1
        ? '1 parameter was seeded but is neither recorded nor queued: the queue has lost it'
        : `${plural(missing, 'parameter')} were seeded but are neither recorded nor queued: the queue has lost them`,
    remedy: seedAgain(seen),
  };
};

export function deadParameters(seen: Observation, { total, done, dead, deadLetters }: Look): Finding {
  const shown = describeIntervals(deadLetters.slice(0, DEAD_SHOWN));
  const which = `${shown}${deadLetters.length > DEAD_SHOWN ? ', …' : ''}`;
  const example = deadLetters[0];
  const error = example
    ? `; the first, after ${plural(example.attempts, 'attempt')}: ${brief(example.error, 160)}`
    : '';
  const left =
    dead === 1 ? 'only a dead parameter is left, 1' : `only dead parameters are left, ${dead.toLocaleString('en')}`;
  const others = done === 1 ? 'the other one has a result' : `the other ${done.toLocaleString('en')} have results`;
  return {
    cause: 'dead-parameters',
    because: `${left} of ${total.toLocaleString('en')} (${which}${error})${done > 0 ? `; ${others}` : ''}`,
    remedy: isHere(seen)
      ? `mend what they need, then ${runAgain(seen, ' --retry-dead')}, or leave them: the run is finished`
      : `mend the computation, then ${ttg(seen, 'replay', '--all')}, or leave them: the run is finished`,
  };
}

export const leases: readonly Rule[] = [hung, queueLost];
