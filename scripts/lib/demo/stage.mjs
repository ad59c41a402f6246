/**
 * What a demo plays on: a cluster, or the processes of this machine. The rest of the demo does not know which.
 * @typedef {object} Stage
 * @property {Record<string, string>} env how to reach the broker from here, and which run it is
 * @property {number} deadlineSeconds how long the run may take
 * @property {() => Promise<Actor[]>} workers those that run now
 * @property {(name: string) => Promise<number>} kill ends a worker's process without grace, and resolves when it is seen dead, with
 *   the moment of the kill in milliseconds since the epoch
 * @property {(name: string) => Promise<string>} log what a worker has printed so far, dead or alive
 * @property {string} passwordHint how to learn the broker's password
 * @property {() => Promise<void>} close takes down what the demo put up
 */
/**
 * @typedef {object} Actor
 * @property {string} name as in records: the pod's name
 * @property {string} node where it runs, or ''
 */
export {};
