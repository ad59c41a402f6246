/** Faults that are injected in another way on a cluster, or only there. */
import { networkFaults } from './network.mjs';
import { nodeFaults } from './nodes.mjs';
import { oomFaults } from './oom.mjs';
import { operatorFaults } from './operator.mjs';
import { powerFaults } from './power.mjs';
import { seedingFaults } from './seeding.mjs';

/** @type {Record<string, import('./stage.mjs').ClusterFault>} */
export const faults = {
  ...oomFaults,
  ...powerFaults,
  ...networkFaults,
  ...seedingFaults,
  ...operatorFaults,
  ...nodeFaults,
};
