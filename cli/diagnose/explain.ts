/**
 * Facts → one sentence with a remedy. The rules follow the chain on which a run hangs, cluster → KEDA → broker → seeder
 * → ScaledJob → Jobs → pods → leases → dead parameters, so that the first finding is the root and the others may follow
 * from it.
 */
import { plural } from '../../core/runtime/words.js';
import type { Look, Observation } from './facts.js';
import { isHere, runAgain, type Cause, type Finding, type Rule } from './finding.js';
import { halted } from './halted.js';
import { platform } from './platform.js';
import { ASK_CLUSTER, deadParameters, isFinished, leases, motion } from './run.js';
import { work } from './work.js';

export interface Answer {
  readonly runId: string;
  /** moving: there are results, or all that can be seen says that they will come. */
  readonly state: 'complete' | 'moving' | 'stuck';
  readonly cause: Cause | null;
  readonly sentence: string;
  readonly remedy: string | null;
  /** Further findings, in the order of the chain: consequences of the first one, or troubles of their own. */
  readonly also: readonly Finding[];
  readonly parameters: { readonly total: number; readonly done: number; readonly dead: number } | null;
}

export function explain(seen: Observation): Answer {
  const last = seen.broker.reach === 'answers' ? seen.broker.last : undefined;
  const answer = (state: Answer['state'], sentence: string, root?: Finding, also: readonly Finding[] = []): Answer => ({
    runId: seen.runId,
    state,
    cause: root?.cause ?? null,
    sentence,
    remedy: root?.remedy || null,
    also: also.filter(({ passing }) => !passing),
    parameters: last ? { total: last.total, done: last.done, dead: last.dead } : null,
  });
  const stuck = (root: Finding, also?: readonly Finding[]): Answer =>
    answer('stuck', `${seen.runId} does not move: ${root.because}`, root, also);

  if (last && isFinished(seen))
    return last.dead > 0 ? stuck(deadParameters(seen, last)) : answer('complete', completed(seen, last));
  if (last?.halted) return stuck(halted(seen, last, last.halted));
  const moves = motion(seen);
  if (moves !== undefined) return answer('moving', moves, undefined, found(seen, [...platform, ...work]));
  const [root, ...rest] = rootFirst(found(seen, [...platform, ...work, ...leases]));
  if (!root)
    return stuck({
      cause: 'unknown',
      because: 'nothing that can be seen from here explains it',
      remedy: unknownRemedy(seen),
    });
  return root.passing
    ? answer('moving', `${seen.runId} is on its way: ${root.because}`, root, rest)
    : stuck(root, rest);
}

/** In the order of the chain, the first of each cause. Where there is no release nothing further is amiss. */
function found(seen: Observation, chain: readonly Rule[]): Finding[] {
  const findings: Finding[] = [];
  for (const rule of chain) {
    const finding = rule(seen);
    if (!finding || findings.some(({ cause }) => cause === finding.cause)) continue;
    findings.push(finding);
    if (finding.cause === 'no-release') break;
  }
  return findings;
}

const WAITING: readonly Cause[] = ['starting', 'pod-stuck'];
const WAITS_FOR_NOBODY: readonly Cause[] = ['image-pull', 'quota', 'pod-refused', 'unschedulable'];

/**
 * A broker's pod starts once the first seeder has made its password: where the seeder's pod cannot start, that is the
 * root.
 */
function rootFirst(findings: Finding[]): Finding[] {
  const [first] = findings;
  const root = first && WAITING.includes(first.cause) && findings.find(({ cause }) => WAITS_FOR_NOBODY.includes(cause));
  return root ? [root, ...findings.filter((finding) => finding !== root)] : findings;
}

function completed({ runId }: Observation, { done, rate }: Look): string {
  const speed = rate ? `, computed at ${Math.round(rate).toLocaleString('en')} parameters/s` : '';
  const all = done === 1 ? 'its parameter has its' : `all ${plural(done, 'parameter')} have their`;
  return `${runId} is complete: ${all} result${speed}`;
}

function unknownRemedy(seen: Observation): string {
  const { cluster, runId } = seen;
  if (isHere(seen))
    return `see what its workers printed (workers.log in the folder of ${runId}); ${runAgain(seen)} goes on`;
  if (!cluster) return ASK_CLUSTER;
  return `\`${cluster.address.kubectl} get events --sort-by=.lastTimestamp\`, and the workers' logs`;
}

/** 0: complete or moving; 1: there is a cause. */
export const exitStatus = ({ state }: Answer): number => (state === 'stuck' ? 1 : 0);

export function answerText({ sentence, remedy, also }: Answer): string {
  const lines = [
    sentence,
    ...(remedy ? [`  remedy: ${remedy}`] : []),
    ...also.flatMap((f) => [`also: ${f.because}`, ...(f.remedy ? [`  remedy: ${f.remedy}`] : [])]),
  ];
  return `${lines.join('\n')}\n`;
}
