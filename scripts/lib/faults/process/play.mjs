/** A fault by name, on a run of its own as processes of this machine. */
import { PROCESS_FAULTS } from '../catalogue.mjs';
import { playFault, settingsFor } from '../play.mjs';
import { makeProcessStage } from './stage.mjs';

/**
 * @param {string} name
 * @param {{ broker: import('../../local-broker.mjs').LocalBroker, settings: import('../types.mjs').Settings, seed: number,
 *   signal: AbortSignal, say?: (line: string) => void }} options
 */
export async function playOnProcesses(name, { broker, settings, seed, signal, say }) {
  const fault = PROCESS_FAULTS[name];
  if (!fault) throw new Error(`no fault ${name} of processes`);
  const stage = await makeProcessStage(broker, settingsFor(settings, fault, broker.backend), signal);
  return playFault(name, fault, stage, { seed, ...(say ? { say } : {}) });
}
