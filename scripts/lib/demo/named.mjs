/** The demo of named faults: each on a run of its own, and a table at the end. */
import { describeOutcome, faultTable } from '../faults/table.mjs';
import { messageOf, Stop } from '../steps.mjs';

/**
 * @param {string} list names with commas between them, or `all`
 * @param {Readonly<Record<string, unknown>>} faults those that can be played here
 * @param {Readonly<Record<string, unknown>>} elsewhere all others
 * @returns {string[]}
 * @throws Stop naming what there is
 */
export function faultNames(list, faults, elsewhere) {
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

/**
 * @param {string[]} names
 * @param {{ backend: 'redis' | 'rabbitmq', seed: number, play: (name: string, runId: string, say: (line: string) => void) => Promise<import('../faults/play.mjs').Outcome> }} options
 * @param {import('../steps.mjs').Run} run
 * @returns {Promise<number>} 0 if each run is complete, with the digest of a run without faults
 */
export async function playNamed(names, { backend, seed, play }, run) {
  /** @type {import('../faults/table.mjs').Row[]} */
  const rows = [];
  for (const name of names) {
    const id = `demo-${Date.now().toString(36)}`;
    const played = await run
      .step(name, (say) => play(name, id, say))
      .catch((thrown) => {
        run.signal.throwIfAborted();
        return messageOf(thrown);
      });
    rows.push({ name, backend, seed, played });
    run.print(typeof played === 'string' ? `${name}: ${played}` : describeOutcome(played));
  }
  run.print(`\n${faultTable(rows)}`);
  return rows.every(({ played }) => typeof played !== 'string' && played.ok) ? 0 : 1;
}
