/** A fault by name, on a release of its own in a namespace of its own. */
import { CLUSTER_FAULTS } from '../catalogue.mjs';
import { playFault, settingsFor } from '../play.mjs';
import { makeClusterStage } from './stage.mjs';

/**
 * @param {string} name
 * @param {{ backend: 'redis' | 'rabbitmq', place: import('./stage.mjs').Place, settings: import('../types.mjs').Settings, seed: number,
 *   signal: AbortSignal, say?: (line: string) => void }} options
 */
export async function playOnCluster(name, { backend, place, settings, seed, signal, say }) {
  const fault = CLUSTER_FAULTS[name];
  if (!fault) throw new Error(`no fault ${name} of a cluster`);
  const stage = await makeClusterStage(backend, place, settingsFor(settings, fault, backend), signal);
  return playFault(name, fault, stage, { seed, ...(say ? { say } : {}) });
}
