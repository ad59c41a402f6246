/**
 * What a fault is, and what it is played on: processes of this machine, or a release on a cluster.
 *
 * @typedef {import('./rng.mjs').Rng} Rng
 *
 * @typedef {object} Settings of one run
 * @property {Record<string, string>} env of seeder and workers
 * @property {string} [source] a computation of its own, as the text of a module
 * @property {number} maxWorkers
 * @property {number} chunksPerWorker
 * @property {number} deadlineSeconds how long anything that is waited for may take
 * @property {number} [pollMs] how often the scaler looks
 *
 * @typedef {object} Reading
 * @property {import('../../../dist/core/ledger/ledger.js').Ledger} ledger
 * @property {import('../../../dist/core/wire/records.js').ResultRecord[]} results all of them, in the order of the log
 *
 * @typedef {object} Stage
 * @property {'redis' | 'rabbitmq'} backend
 * @property {Record<string, string>} env of the run, its broker as it is reached from here
 * @property {string} prefix of the names in the broker
 * @property {number} leaseMs after which a silent worker's chunk goes to another
 * @property {number} chunks how many the plan has
 * @property {AbortSignal} signal
 * @property {import('../../../dist/core/broker/port.js').Broker} observer a connection of our own to the broker, which no fault cuts
 * @property {Record<string, string>} workerEnv what workers that start from now on get besides
 * @property {() => Promise<void>} start brings the run under way
 * @property {() => Promise<void>} reseed seeds the same run once more, to the end of that seeding
 * @property {() => Promise<Reading>} read the log as it is now, from its first record
 * @property {() => Promise<import('./raw.mjs').Raw>} raw the broker past the port; to be closed
 * @property {<T>(observe: () => Promise<T | false | undefined> | T | false | undefined, what: string) => Promise<T>} until
 *   waits for an observation, up to the deadline; a read that failed is none
 * @property {() => Promise<Held[]>} held chunks that running workers have started and not completed
 * @property {(worker: string) => Promise<Held[]>} heldBy the same of one worker, dead or alive, the latest start first
 * @property {() => Promise<Array<Struck & { name: string }>>} killed workers that ended by SIGKILL
 * @property {(worker: string) => Promise<Struck>} kill without grace; resolves when it is seen dead
 * @property {(worker: string) => Promise<Struck>} freeze stops its process; resolves when it is seen stopped
 * @property {(worker: string) => Promise<void>} wake lets it go on; resolves when it is seen to, or to have ended
 * @property {() => Promise<string>} killBroker kill -9; resolves with how it was seen
 * @property {() => Promise<void>} restartBroker on its data; resolves when it is ready
 * @property {() => Promise<string[]>} staying workers and seeders that have not left, each with what it said last
 * @property {(evidence: boolean) => Promise<void>} close evidence: the run did not end well, so keep what a person would want to see
 *
 * @typedef {{ worker: string, chunkId: string, startedAt: number }} Held since when: milliseconds since the epoch; chunkId is '' where
 *   the workers' logs do not tell it
 * @typedef {{ at: number, observed: string }} Struck when, in milliseconds since the epoch, and how it was seen
 *
 * @typedef {object} Hit What an injection did, seen to have taken hold.
 * @property {string} target who or what was hit
 * @property {string} observed how that was seen: process state, exit signal, refused connection …
 * @property {number} [struckAt] when, in milliseconds since the epoch; when the injection was begun if omitted
 * @property {string} [chunk] the chunk that was hit with it: recovered once this one has its record
 * @property {string} [worker] the worker that was hit: its late record does not count as the recovery
 * @property {string} [node] the node that was hit
 * @property {string[]} [workers] those that were at work, and must not have been hit
 *
 * @typedef {Omit<Hit, 'struckAt'> & { name: string, at: string, healedAt: string }} Injection The record of a fault; times in ISO 8601 UTC.
 */
/**
 * @template {Stage} S
 * @typedef {object} Fault
 * @property {'seeding' | 'draining'} when it strikes: from the start of the seeding, or once a share of the chunks is done
 * @property {Record<string, string> | ((backend: Stage['backend']) => Record<string, string>)} [run] variables without which it
 *   could not strike: many chunks, long chunks …
 * @property {import('./poison.mjs').Poison} [poison] parameters that no attempt computes: they are dead in the end, and no others
 * @property {'broker' | 'cluster'} [disturbs] whatever else uses the same broker, or the same nodes and operator
 * @property {(stage: S, rng: Rng) => Promise<void>} [prepare] before anything of the run is started
 * @property {(stage: S, rng: Rng) => Promise<Hit>} inject resolves once the fault is seen to have taken hold
 * @property {(stage: S, hit: Hit) => Promise<void>} heal resolves once what was broken works again, or needs no healing
 * @property {(stage: S, hit: Hit, reading: Reading) => Promise<void> | void} [prove] what else must be true at the end;
 *   throws Stop if it is not
 */
export {};
