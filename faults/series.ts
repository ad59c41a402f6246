/**
 * Several faults by name, each on a run of its own, and their outcomes for people: one in a sentence, all as a table.
 */
import type { Backend } from '../ops/local/config.js';
import type { Script } from '../ops/script/frame.js';
import { Stop, messageOf } from '../ops/script/stop.js';
import type { Outcome } from './experiment.js';

/**
 * @param list names with commas between them, or `all`
 * @param faults those that can be injected here
 * @param elsewhere all others
 * @throws Stop naming what there is
 */
export function faultNames(
  list: string,
  faults: Readonly<Record<string, unknown>>,
  elsewhere: Readonly<Record<string, unknown>>,
): string[] {
  const known = Object.keys(faults);
  const names =
    list === 'all'
      ? known
      : list
          .split(',')
          .map((name) => name.trim())
          .filter(Boolean);
  const misplaced = names.filter((name) => !known.includes(name) && name in elsewhere);
  if (misplaced.length > 0)
    throw new Stop(
      `needs a cluster: ${misplaced.join(', ')}`,
      'leave --local out, on a machine with Docker, kind, kubectl and helm',
    );
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0 || names.length === 0)
    throw new Stop(`no such fault: ${unknown.join(', ')}`, `one or several of ${known.join(', ')}, or all`);
  return names;
}

/** @returns 0 if each run is complete, with the digest of a run without faults */
export async function runSeries(
  names: string[],
  {
    backend,
    seed,
    runOne,
  }: {
    backend: Backend;
    seed: number;
    runOne: (name: string, runId: string, say: (line: string) => void) => Promise<Outcome>;
  },
  script: Script,
): Promise<number> {
  const rows: Row[] = [];
  for (const name of names) {
    const id = `demo-${Date.now().toString(36)}`;
    const outcome = await script
      .step(name, (say) => runOne(name, id, say))
      .catch((thrown) => {
        script.signal.throwIfAborted();
        return messageOf(thrown);
      });
    rows.push({ name, backend, seed, outcome });
    script.print(typeof outcome === 'string' ? `${name}: ${outcome}` : describeOutcome(outcome));
  }
  script.print(`\n${faultTable(rows)}`);
  return rows.every(({ outcome }) => typeof outcome !== 'string' && outcome.ok) ? 0 : 1;
}

/** What came of one fault. */
export interface Row {
  name: string;
  backend: string;
  seed: number;
  outcome: Outcome | string;
}

export function describeOutcome({ injection, ok, verdict, recoverySeconds }: Outcome): string {
  const { name, target, observed } = injection;
  const result = ok
    ? 'complete, digest equal to a run without faults'
    : `NOT as without the fault: ${verdict.faults.join('; ') || `digest ${verdict.digest}`}`;
  return `${name}: hit ${target} (${observed}); recovered after ${recoverySeconds.toFixed(1)} s; ${result}`;
}

export function faultTable(rows: readonly Row[]): string {
  const head = [
    'fault',
    'broker',
    'seed',
    'recovered after',
    'lost',
    'counted twice',
    'dead',
    'deduplicated',
    'digest equal',
    'verdict',
  ];
  const lines = rows.map(({ name, backend, seed, outcome }) => {
    if (typeof outcome === 'string') return [name, backend, `${seed}`, '-', '-', '-', '-', '-', '-', 'FAILED'];
    const { recoverySeconds, verdict, reference, certificate } = outcome;
    const { duplicated, dead } = verdict.parameters;
    const same = verdict.digest === reference ? 'yes' : 'NO';
    return [
      name,
      backend,
      `${seed}`,
      `${recoverySeconds.toFixed(1)} s`,
      `${certificate.parameters.lost}`,
      `${duplicated}`,
      `${dead}`,
      `${verdict.deduplicated}`,
      same,
      verdict.outcome,
    ];
  });
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)));
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
