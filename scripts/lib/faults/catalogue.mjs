/** Every fault by name. What needs a cluster is played on one. */
import { brokerFaults } from './broker.mjs';
import { networkFaults } from './network.mjs';
import { pointFaults } from './points.mjs';
import { queueFaults } from './queue.mjs';
import { seederFaults } from './seeder.mjs';
import { workerFaults } from './worker.mjs';

/** @type {Readonly<Record<string, import('./types.mjs').Fault>>} */
export const FAULTS = Object.freeze({ ...workerFaults, ...pointFaults, ...brokerFaults, ...networkFaults, ...seederFaults, ...queueFaults });

/** Faults that stop the broker: nobody else can use it meanwhile. */
export const STOPS_BROKER = Object.freeze(Object.keys(brokerFaults));
