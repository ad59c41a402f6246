/**
 * One body for every fault, wherever it is played: healthy start → inject → heal → finish → verdict → certificate → the
 * digest of a run without faults.
 */
import { expectedOf } from '../../../dist/compute/expected.js';
import { judge } from '../../../dist/core/ledger/verdict.js';
import { messageOf, Stop } from '../steps.mjs';
import { certifyRun } from './certified.mjs';
import { referenceDigest } from './reference.mjs';
import { makeRng } from './rng.mjs';

/** @typedef {import('./types.mjs').Stage} Stage */
/**
 * @typedef {object} Outcome
 * @property {import('./types.mjs').Injection} injection
 * @property {import('../../../dist/core/ledger/verdict.js').Verdict} verdict
 * @property {ReadonlyArray<import('../../../dist/core/model/interval.js').Interval>} covered parameters that have a result
 * @property {string} reference digest of the same run without a fault, dead parameters left out
 * @property {boolean} ok complete, with that digest and no other dead parameters than those that must be
 * @property {import('../../../dist/core/certificate/issue.js').Certificate} certificate checked against the log
 * @property {number} recoverySeconds from the injection, for what needs healing from the healing, until the chunk that was
 *   hit has a record of another worker, or any chunk has a new one
 */

/**
 * @template {Stage} S
 * @param {string} name
 * @param {import('./types.mjs').Fault<S>} fault
 * @param {S} stage is closed at the end
 * @param {{ seed: number, say?: (line: string) => void }} options
 * @returns {Promise<Outcome>}
 * @throws Stop where the fault did not take hold, or the run did not finish
 */
export async function playFault(name, fault, stage, { seed, say = () => {} }) {
  let ended = false;
  try {
    const { hit, injection } = await injectFault(name, fault, stage, { seed, say });
    await finish(stage);
    const reading = await stage.read();
    await fault.prove?.(stage, hit, reading);
    const verdict = judge(reading.ledger, expectedOf(reading.ledger));
    const dead = fault.poison?.parameters ?? [];
    const reference = referenceDigest(verdict.parameters.expected, dead);
    const deadAsMeant =
      verdict.dead
        .map(({ start, end }) => `${start}–${end}`)
        .sort()
        .join() ===
      dead
        .map((one) => `${one}–${one}`)
        .sort()
        .join();
    const ok = verdict.outcome !== 'incomplete' && verdict.digest === reference && deadAsMeant;
    const certificate = await certifyRun(stage, injection);
    ended = ok;
    return {
      injection,
      verdict,
      covered: reading.ledger.covered.intervals(),
      reference,
      ok,
      certificate,
      recoverySeconds: recovery(injection, reading),
    };
  } finally {
    await stage.close(!ended);
  }
}

/**
 * What a run must be for a fault to strike it.
 * @param {import('./types.mjs').Settings} settings
 * @param {Pick<import('./types.mjs').Fault<Stage>, 'run' | 'poison'>} fault
 * @param {Stage['backend']} backend
 * @returns {import('./types.mjs').Settings}
 */
export function settingsFor(settings, { run, poison }, backend) {
  const more = typeof run === 'function' ? run(backend) : run;
  return { ...settings, ...(poison ? { source: poison.source } : {}), env: { ...settings.env, ...more } };
}

/**
 * Up to the healing.
 * @template {Stage} S
 * @param {string} name
 * @param {import('./types.mjs').Fault<S>} fault
 * @param {S} stage
 * @param {{ seed: number, say?: (line: string) => void, running?: boolean }} options running: the run is under way, and struck as it is
 */
export async function injectFault(name, fault, stage, { seed, say = () => {}, running = false }) {
  const rng = makeRng(seed, name);
  if (!running) await fault.prepare?.(stage, rng);
  if (!running && fault.when === 'draining') {
    const share = 0.15 + 0.3 * rng();
    await stage.start();
    await stage.until(
      async () => (await stage.read()).results.length >= share * stage.chunks,
      `${Math.round(share * 100)} % of the chunks done`,
    );
  }
  const begun = Date.now();
  const { struckAt = begun, ...found } = await fault.inject(stage, rng);
  const hit = { ...found, struckAt };
  say(`${name}: ${hit.target}: ${hit.observed}`);
  await fault.heal(stage, hit);
  /** @type {import('./types.mjs').Injection} */
  const injection = { ...found, name, at: new Date(struckAt).toISOString(), healedAt: new Date().toISOString() };
  return { hit, injection };
}

/**
 * Nothing is missing any more, and every worker has left or ended: what comes late has come. Read anew each time, since a
 * broker may have lost what was read before; but not before its queue says that it might be worth it.
 * @param {Stage} stage
 */
async function finish(stage) {
  await stage.until(async () => {
    const { ready, leased, delayed } = await stage.observer.depth();
    if (ready + leased + delayed > 0) return false;
    const { ledger } = await stage.read();
    return ledger.plan !== undefined && ledger.missing().length === 0;
  }, 'the end of the run');
  await stage
    .until(async () => (await stage.staying()).length === 0, 'the last worker leave')
    .catch(async (thrown) => {
      throw new Stop(`${messageOf(thrown)}\n${(await stage.staying()).join('\n')}`);
    });
}

/**
 * @param {import('./types.mjs').Injection} injection
 * @param {import('./types.mjs').Reading} reading
 */
function recovery({ at, healedAt, chunk, worker }, { results }) {
  const since = chunk === undefined ? healedAt : at;
  // A record that was durable before the death is what there was to recover.
  const others = results.filter((r) =>
    chunk === undefined ? r.completedAt > since : r.chunkId === chunk && r.workerId !== worker,
  );
  const first = others.map((r) => Date.parse(r.completedAt)).sort((a, b) => a - b)[0];
  return first === undefined ? 0 : Math.max(0, (first - Date.parse(since)) / 1000);
}
