/** Faults that are injected in another way where they are played on processes. */
import { brokerFaults } from './broker.mjs';
import { networkFaults } from './network.mjs';
import { oomFaults } from './oom.mjs';
import { seederFaults } from './seeder.mjs';

/** @type {Record<string, import('./stage.mjs').ProcessFault>} */
export const faults = { ...oomFaults, ...brokerFaults, ...networkFaults, ...seederFaults };
