/** Every fault by name, and where it can be injected: into processes of this machine, into a cluster, or both. */
import { brokerFaults, queueFaults } from './broker.js';
import { drainingFaults as clusterDraining } from './cluster/draining.js';
import { nodeFaults } from './cluster/nodes.js';
import { operatorFaults } from './cluster/operator.js';
import { seedingFaults as clusterSeeding } from './cluster/seeding.js';
import type { ClusterFault } from './cluster/stage.js';
import { poisonFaults } from './poison.js';
import { drainingFaults as processDraining } from './process/draining.js';
import { seedingFaults as processSeeding } from './process/seeding.js';
import type { ProcessFault } from './process/stage.js';
import { workerFaults } from './worker.js';

const everywhere = { ...workerFaults, ...brokerFaults, ...queueFaults, ...poisonFaults };

export const PROCESS_FAULTS: Readonly<Record<string, ProcessFault>> = Object.freeze({
  ...everywhere,
  ...processDraining,
  ...processSeeding,
});

export const CLUSTER_FAULTS: Readonly<Record<string, ClusterFault>> = Object.freeze({
  ...everywhere,
  ...clusterDraining,
  ...clusterSeeding,
  ...operatorFaults,
  ...nodeFaults,
});
