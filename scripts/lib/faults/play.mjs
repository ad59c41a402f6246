/** One body for every fault: healthy start → inject → heal → finish → verdict → the digest of a run without faults. */
import { expectedOf } from '../../../dist/cli/verify.js';
import { Digest } from '../../../dist/core/digest.js';
import { judge } from '../../../dist/core/verdict.js';
import { builtin } from '../../../dist/worker/compute/builtin.js';
import { messageOf, Stop } from '../steps.mjs';
import { FAULTS } from './catalogue.mjs';
import { makeRng } from './rng.mjs';
import { makeStage } from './stage.mjs';

/**
 * @typedef {object} Outcome
 * @property {import('./types.mjs').Injection} injection
 * @property {import('../../../dist/core/verdict.js').Verdict} verdict
 * @property {ReadonlyArray<import('../../../dist/core/interval.js').Interval>} covered parameters that have a result
 * @property {string} reference digest of the same run without a fault
 * @property {boolean} ok complete, with that digest
 * @property {number} recoverySeconds from the injection, for what needs healing from the healing, until the chunk that was
 *   hit has a record of another worker, or any chunk has a new one
 */

/**
 * @param {string} name of the fault
 * @param {{ broker: import('../local-broker.mjs').LocalBroker, settings: import('./stage.mjs').Settings, seed: number,
 *   signal: AbortSignal, say?: (line: string) => void }} options
 * @returns {Promise<Outcome>}
 * @throws Stop where the fault did not take hold, or the run did not finish
 */
export async function playFault(name, { broker, settings, seed, signal, say = () => {} }) {
  const fault = FAULTS[name];
  if (!fault) throw new Error(`no fault ${name}`);
  const rng = makeRng(seed, name);
  const stage = await makeStage(broker, { ...settings, env: { ...settings.env, ...fault.run } }, signal);
  try {
    await fault.prepare?.(stage, rng);
    if (fault.when === 'draining') {
      const share = 0.15 + 0.3 * rng();
      stage.startSeeder();
      await stage.until(async () => (await stage.read()).results.length >= share * stage.chunks, `${Math.round(share * 100)} % of the chunks done`);
    }
    const begun = Date.now();
    const { struckAt = begun, ...hit } = await fault.inject(stage, rng);
    say(`${name}: ${hit.target}: ${hit.observed}`);
    await fault.heal(stage, hit);
    const injection = { ...hit, name, at: new Date(struckAt).toISOString(), healedAt: new Date().toISOString() };
    await finish(stage);
    const reading = await stage.read();
    await fault.prove?.(stage, hit, reading);
    const verdict = judge(reading.ledger, expectedOf(reading.ledger));
    const reference = referenceDigest(verdict.parameters.expected);
    const ok = verdict.complete && verdict.digest === reference;
    return { injection, verdict, covered: reading.ledger.covered.intervals(), reference, ok, recoverySeconds: recovery(injection, reading) };
  } finally {
    await stage.close();
  }
}

/**
 * Nothing is missing any more, and every worker has left or ended: what comes late has come. Read anew each time, since a
 * broker may have lost what was read before.
 */
async function finish(/** @type {import('./types.mjs').FaultStage} */ stage) {
  await stage.until(async () => {
    const { ledger } = await stage.read();
    return ledger.plan !== undefined && ledger.missing().length === 0;
  }, 'the end of the run');
  const staying = () => [...stage.processes.running('worker'), ...stage.processes.running('seeder')];
  await stage.until(() => staying().length === 0, 'the last worker leave').catch((thrown) => {
    const logs = staying().map(({ name, child, log }) => `${name} (process ${child.pid}) stays:\n${log.split('\n').slice(-8).join('\n')}`);
    throw new Stop(`${messageOf(thrown)}\n${logs.join('\n')}`);
  });
}

/** @param {number} total @returns {string} what parameters 0 … total − 1 of the built-in computation must give */
export function referenceDigest(total) {
  const digest = new Digest();
  for (let i = 0; i < total; i++) digest.add(i, builtin.compute(i));
  return digest.toString();
}

/**
 * @param {import('./types.mjs').Injection} injection
 * @param {import('./types.mjs').Reading} reading
 */
function recovery({ at, healedAt, chunk, worker }, { results }) {
  const since = chunk === undefined ? healedAt : at;
  // A record that was durable before the death is what there was to recover.
  const others = results.filter((r) => (chunk === undefined ? r.completedAt > since : r.chunkId === chunk && r.workerId !== worker));
  const first = others.map((r) => Date.parse(r.completedAt)).sort((a, b) => a - b)[0];
  return first === undefined ? 0 : Math.max(0, (first - Date.parse(since)) / 1000);
}

/** @typedef {{ name: string, backend: string, seed: number, played: Outcome | string }} Row played: or why it could not be */

/** @param {Outcome} outcome @returns {string} */
export function describeOutcome({ injection, ok, verdict, recoverySeconds }) {
  const { name, target, observed } = injection;
  const result = ok ? 'complete, digest equal to a run without faults' : `NOT as without the fault: ${verdict.faults.join('; ') || `digest ${verdict.digest}`}`;
  return `${name}: hit ${target} (${observed}); recovered after ${recoverySeconds.toFixed(1)} s; ${result}`;
}

/** @param {readonly Row[]} rows @returns {string} */
export function faultTable(rows) {
  const head = ['fault', 'broker', 'seed', 'seconds to recover', 'verdict', 'digest equal'];
  const lines = rows.map(({ name, backend, seed, played }) => {
    if (typeof played === 'string') return [name, backend, `${seed}`, '-', 'FAILED', '-'];
    const { recoverySeconds, verdict, reference } = played;
    return [name, backend, `${seed}`, recoverySeconds.toFixed(1), verdict.complete ? 'complete' : 'INCOMPLETE', verdict.digest === reference ? 'yes' : 'NO'];
  });
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)));
  return [head, ...lines].map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}
