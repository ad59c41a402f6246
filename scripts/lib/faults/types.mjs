/**
 * What a fault is, and what it is played on.
 *
 * @typedef {import('./stage.mjs').FaultStage} FaultStage
 * @typedef {import('./rng.mjs').Rng} Rng
 * @typedef {import('./stage.mjs').Reading} Reading
 *
 * @typedef {object} Hit What an injection did, seen to have taken hold.
 * @property {string} target who or what was hit
 * @property {string} observed how that was seen: process state, exit signal, refused connection …
 * @property {number} [struckAt] when, in milliseconds since the epoch; when the injection was begun if omitted
 * @property {string} [chunk] the chunk that was hit with it: recovered once this one has its record
 * @property {string} [worker] the worker that was hit: its late record does not count as the recovery
 *
 * @typedef {Omit<Hit, 'struckAt'> & { name: string, at: string, healedAt: string }} Injection The record of a fault; times in ISO 8601 UTC.
 *
 * @typedef {object} Fault
 * @property {ReadonlyArray<'process' | 'cluster'>} needs where it can be played
 * @property {'seeding' | 'draining'} when it strikes: from the start of the seeding, or once a share of the chunks is done
 * @property {Record<string, string>} [run] variables without which it could not strike: many chunks, long chunks …
 * @property {(stage: FaultStage, rng: Rng) => Promise<void>} [prepare] before anything of the run is started
 * @property {(stage: FaultStage, rng: Rng) => Promise<Hit>} inject resolves once the fault is seen to have taken hold
 * @property {(stage: FaultStage, hit: Hit) => Promise<void>} heal resolves once what was broken works again, or needs no healing
 * @property {(stage: FaultStage, hit: Hit, reading: Reading) => Promise<void> | void} [prove] what else must be true at the end;
 *   throws Stop if it is not
 */
export {};
