/** Every fault by name, and where it can be played: as processes of this machine, on a cluster, or both. */
import { brokerFaults } from './broker.mjs';
import * as cluster from './cluster/index.mjs';
import * as processes from './process/index.mjs';
import { poisonFaults } from './poison.mjs';
import { queueFaults } from './queue.mjs';
import { workerFaults } from './worker.mjs';

const everywhere = { ...workerFaults, ...brokerFaults, ...queueFaults, ...poisonFaults };

/** @type {Readonly<Record<string, import('./process/stage.mjs').ProcessFault>>} */
export const PROCESS_FAULTS = Object.freeze({ ...everywhere, ...processes.faults });

/** @type {Readonly<Record<string, import('./cluster/stage.mjs').ClusterFault>>} */
export const CLUSTER_FAULTS = Object.freeze({ ...everywhere, ...cluster.faults });
