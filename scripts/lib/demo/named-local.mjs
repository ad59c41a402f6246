/** Named faults as processes of this machine, over one broker. */
import { CLUSTER_FAULTS, PROCESS_FAULTS } from '../faults/catalogue.mjs';
import { playOnProcesses } from '../faults/process/play.mjs';
import { startBroker } from '../local-broker.mjs';
import { faultNames, playNamed } from './named.mjs';
import { readPreset } from './preset.mjs';

/**
 * @param {string} list as faultNames takes it
 * @param {{ backend: 'redis' | 'rabbitmq', preset: string, seed: number, maxWorkers?: number | undefined }} options
 * @param {import('../steps.mjs').Run} run
 * @returns {Promise<number>} exit status
 */
export async function playNamedLocally(list, { backend, preset: presetName, seed, maxWorkers }, run) {
  const names = faultNames(list, PROCESS_FAULTS, CLUSTER_FAULTS);
  const preset = readPreset(presetName, backend);
  const broker = await run.step(`starting ${backend}`, (say) => startBroker(backend, { log: say }));
  run.onInterrupt(`stopping ${backend}`, broker.stop);
  try {
    return await playNamed(
      names,
      {
        backend,
        seed,
        play: (name, id, say) => {
          const settings = {
            env: { ...preset.env, RUN_ID: id, QUEUE_PREFIX: id },
            maxWorkers: maxWorkers ?? preset.maxReplicas,
            chunksPerWorker: preset.chunksPerWorker,
            deadlineSeconds: preset.deadlineSeconds,
          };
          return playOnProcesses(name, { broker, settings, seed, signal: run.signal, say });
        },
      },
      run,
    );
  } finally {
    if (!run.signal.aborted) await broker.stop();
  }
}
