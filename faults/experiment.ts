/**
 * One body for every fault, wherever it is injected: healthy start → inject → heal → finish → verdict → certificate →
 * the digest of a run without faults.
 */
import { expectedOf } from '../compute/expected.js';
import type { Certificate } from '../core/certificate/issue.js';
import { type Verdict, judge } from '../core/ledger/verdict.js';
import type { Interval } from '../core/model/interval.js';
import { messageOf, Stop } from '../ops/script/stop.js';
import { certifyRun, referenceDigest } from './proof.js';
import { makeRng } from './rng.js';
import type { Reading } from '../ops/run/observe.js';
import type { Injection, Stage, Fault, Settings } from './types.js';

export interface Outcome {
  injection: Injection;
  verdict: Verdict;
  /** parameters that have a result */
  covered: ReadonlyArray<Interval>;
  /** digest of the same run without a fault, dead parameters left out */
  reference: string;
  /** complete, with that digest and no other dead parameters than those that must be */
  ok: boolean;
  /** checked against the log */
  certificate: Certificate;
  /**
   * from the injection, for what needs healing from the healing, until the chunk that was
   * hit has a record of another worker, or any chunk has a new one
   */
  recoverySeconds: number;
}

/**
 * @param stage is closed at the end
 * @throws Stop where the fault did not take hold, or the run did not finish
 */
export async function runExperiment<S extends Stage>(
  name: string,
  fault: Fault<S>,
  stage: S,
  { seed, say = () => {} }: { seed: number; say?: (line: string) => void },
): Promise<Outcome> {
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

/** What a run must be for a fault to take hold of it. */
export function settingsFor(
  settings: Settings,
  { run, poison }: Pick<Fault<Stage>, 'run' | 'poison'>,
  backend: Stage['backend'],
): Settings {
  const more = typeof run === 'function' ? run(backend) : run;
  return { ...settings, ...(poison ? { source: poison.source } : {}), env: { ...settings.env, ...more } };
}

/**
 * Up to the healing.
 * @param options running: the run is under way, and taken as it is
 */
export async function injectFault<S extends Stage>(
  name: string,
  fault: Fault<S>,
  stage: S,
  { seed, say = () => {}, running = false }: { seed: number; say?: (line: string) => void; running?: boolean },
) {
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
  const { hitAt = begun, ...found } = await fault.inject(stage, rng);
  const hit = { ...found, hitAt };
  say(`${name}: ${hit.target}: ${hit.observed}`);
  await fault.heal(stage, hit);
  const injection: Injection = {
    ...found,
    name,
    at: new Date(hitAt).toISOString(),
    healedAt: new Date().toISOString(),
  };
  return { hit, injection };
}

/**
 * Nothing is missing any more, and every worker has left or ended: what comes late has come. Read anew each time, since
 * a broker may have lost what was read before; but not before its queue says that it might be worth it.
 */
async function finish(stage: Stage) {
  await stage.until(async () => {
    const { ready, leased, delayed } = await stage.observer.depth();
    if (ready + leased + delayed > 0) return false;
    const { ledger } = await stage.read();
    return ledger.plan !== undefined && ledger.missing().length === 0;
  }, 'the end of the run');
  await stage
    .until(async () => (await stage.remaining()).length === 0, 'the last worker leave')
    .catch(async (thrown) => {
      throw new Stop(`${messageOf(thrown)}\n${(await stage.remaining()).join('\n')}`);
    });
}

function recovery({ at, healedAt, chunk, worker }: Injection, { results }: Reading) {
  const since = chunk === undefined ? healedAt : at;
  // A record that was durable before the death is what there was to recover.
  const others = results.filter((r) =>
    chunk === undefined ? r.completedAt > since : r.chunkId === chunk && r.workerId !== worker,
  );
  const first = others.map((r) => Date.parse(r.completedAt)).sort((a, b) => a - b)[0];
  return first === undefined ? 0 : Math.max(0, (first - Date.parse(since)) / 1000);
}
