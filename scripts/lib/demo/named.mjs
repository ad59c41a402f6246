/** The demo of named faults: each on a run of its own, as processes of this machine, and a table at the end. */
import { FAULTS } from '../faults/catalogue.mjs';
import { describeOutcome, faultTable, playFault } from '../faults/play.mjs';
import { startBroker } from '../local-broker.mjs';
import { messageOf, Stop } from '../steps.mjs';
import { readPreset } from './preset.mjs';

/**
 * @param {string} list names with commas between them, or `all`
 * @returns {string[]}
 * @throws Stop naming what there is
 */
export function faultNames(list) {
  const known = Object.keys(FAULTS).filter((name) => FAULTS[name]?.needs.includes('process'));
  const names = list === 'all' ? known : list.split(',').map((name) => name.trim()).filter(Boolean);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0 || names.length === 0) throw new Stop(`no such fault: ${unknown.join(', ')}`, `one or several of ${known.join(', ')}, or all`);
  return names;
}

/**
 * @param {string[]} names
 * @param {{ backend: 'redis' | 'rabbitmq', preset: string, seed: number, maxWorkers?: number | undefined }} options
 * @param {import('../steps.mjs').Run} run
 * @returns {Promise<number>} 0 if each run is complete, with the digest of a run without faults
 */
export async function playNamed(names, { backend, preset: presetName, seed, maxWorkers }, run) {
  const preset = readPreset(presetName, backend);
  const broker = await run.step(`starting ${backend}`, (say) => startBroker(backend, { log: say }));
  run.onInterrupt(`stopping ${backend}`, broker.stop);
  /** @type {import('../faults/play.mjs').Row[]} */
  const rows = [];
  try {
    for (const name of names) {
      const id = `demo-${Date.now().toString(36)}`;
      const settings = {
        env: { ...preset.env, RUN_ID: id, QUEUE_PREFIX: id }, maxWorkers: maxWorkers ?? preset.maxReplicas,
        chunksPerWorker: preset.chunksPerWorker, deadlineSeconds: preset.deadlineSeconds,
      };
      const played = await run.step(name, (say) => playFault(name, { broker, settings, seed, signal: run.signal, say })).catch((thrown) => {
        run.signal.throwIfAborted();
        return messageOf(thrown);
      });
      rows.push({ name, backend, seed, played });
      run.print(typeof played === 'string' ? `${name}: ${played}` : describeOutcome(played));
    }
  } finally {
    if (!run.signal.aborted) await broker.stop();
  }
  run.print(`\n${faultTable(rows)}`);
  return rows.every(({ played }) => typeof played !== 'string' && played.ok) ? 0 : 1;
}
