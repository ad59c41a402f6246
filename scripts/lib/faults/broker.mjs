/** The broker is killed without warning while the run is drained, and started again on its data. */

/** @type {import('./types.mjs').Fault<import('./types.mjs').Stage>} */
const killDraining = {
  disturbs: 'broker',
  when: 'draining',
  inject: async (stage) => ({ target: stage.backend, observed: await stage.killBroker() }),
  heal: (stage) => stage.restartBroker(),
};

/** @type {Record<string, import('./types.mjs').Fault<import('./types.mjs').Stage>>} */
export const brokerFaults = { 'broker-kill-draining': killDraining };
