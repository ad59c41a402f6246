/** What the judgement consists of, and the words that several rules share. */
import type { Observation } from './facts.js';

export type Cause =
  | 'cluster-away'
  | 'no-release'
  | 'keda-missing'
  | 'keda-not-ready'
  | 'broker-down'
  | 'wrong-password'
  | 'broker-unusable'
  | 'broker-full'
  | 'no-statistics'
  | 'nothing-seeded'
  | 'seeder-failed'
  | 'seeder-waits'
  | 'paused'
  | 'scaledjob-missing'
  | 'scaledjob-not-ready'
  | 'no-jobs'
  | 'jobs-suspended'
  | 'image-pull'
  | 'quota'
  | 'pod-refused'
  | 'unschedulable'
  | 'pod-stuck'
  | 'crash'
  | 'no-workers'
  | 'all-hung'
  | 'store-away'
  | 'over-limit'
  | 'queue-lost'
  | 'dead-parameters'
  | 'cancelled'
  | 'over-budget'
  | 'computation-unloadable'
  | 'parked'
  | 'starting'
  | 'unknown';

export interface Finding {
  readonly cause: Cause;
  /** Completes "run-1 does not move: …". */
  readonly because: string;
  readonly remedy: string;
  /** It passes by itself, as far as can be told: the run is on its way. */
  readonly passing?: true;
}

/** undefined: no fault found there. */
export type Rule = (seen: Observation) => Finding | undefined;

/** One line that fits into a sentence. */
export function brief(text: string, most = 300): string {
  const line = text.replace(/\s+/g, ' ').trim().replace(/\.$/, '');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

export function kubectl({ cluster }: Observation, command: string): string {
  return `\`${cluster?.address.kubectl ?? 'kubectl'} ${command}\``;
}

/** The command for a verb of ttg: where there is a cluster, the script that finds the release's broker. */
export function ttg({ cluster }: Observation, verb: 'resume' | 'replay', what: string): string {
  if (!cluster) return `\`ttg ${verb === 'replay' ? 'dlq replay' : verb} ${what}\``;
  const { flags } = cluster.address;
  return verb === 'replay'
    ? `\`npx zx scripts/dlq.mjs --action replay ${what}${flags}\``
    : `\`npx zx scripts/${verb}.mjs --run-id ${what}${flags}\``;
}

/** Whether the run is one of `ttg run`, on the broker in its folder: what starts and resumes it is one command. */
export const isHere = ({ backend }: Observation): boolean => backend === 'embedded';

/** That command. @param options behind it */
export function runAgain({ command }: Observation, options = ''): string {
  if (command !== undefined) return `\`${command}${options}\``;
  return `the same \`ttg run\` command${options === '' ? '' : ` with \`${options.trim()}\``}`;
}

/** The command that seeds again, which publishes only what is missing. */
export function seedAgain(seen: Observation): string {
  const { cluster } = seen;
  if (isHere(seen)) return `${runAgain(seen)} goes on with what is missing`;
  const { helm = 'helm', release = '<release>' } = cluster?.address ?? {};
  return (
    `\`${helm} upgrade ${release} ./chart --reset-then-reuse-values\` (helm 3.14 or newer; add -f FILE for the ` +
    'values that you correct) seeds what is missing'
  );
}

export const ageSeconds = (seen: Observation, since: number): number =>
  Math.max(0, Math.round((seen.now - since) / 1000));
