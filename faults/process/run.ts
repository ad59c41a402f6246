/** Faults by name, each on a run of its own as processes of this machine, over one broker. */
import { startBroker, type LocalBroker } from '../../ops/local/broker.js';
import type { Backend } from '../../ops/local/config.js';
import { readPreset } from '../../ops/run/preset.js';
import type { Script } from '../../ops/script/frame.js';
import { CLUSTER_FAULTS, PROCESS_FAULTS } from '../catalogue.js';
import { runExperiment, settingsFor } from '../experiment.js';
import { faultNames, runSeries } from '../series.js';
import type { Settings } from '../types.js';
import { makeProcessStage } from './stage.js';

/**
 * @param list as faultNames takes it
 * @returns exit status
 */
export async function runSeriesOnProcesses(
  list: string,
  {
    backend,
    preset: presetName,
    seed,
    maxWorkers,
  }: { backend: Backend; preset: string; seed: number; maxWorkers?: number | undefined },
  script: Script,
): Promise<number> {
  const names = faultNames(list, PROCESS_FAULTS, CLUSTER_FAULTS);
  const preset = readPreset(presetName, backend);
  const broker = await script.step(`starting ${backend}`, (say) => startBroker(backend, { log: say }));
  script.onInterrupt(`stopping ${backend}`, broker.stop);
  try {
    return await runSeries(
      names,
      {
        backend,
        seed,
        runOne: (name, id, say) => {
          const settings = {
            env: { ...preset.env, RUN_ID: id, QUEUE_PREFIX: id },
            maxWorkers: maxWorkers ?? preset.maxReplicas,
            chunksPerWorker: preset.chunksPerWorker,
            deadlineSeconds: preset.deadlineSeconds,
          };
          return runOnProcesses(name, { broker, settings, seed, signal: script.signal, say });
        },
      },
      script,
    );
  } finally {
    if (!script.signal.aborted) await broker.stop();
  }
}

export async function runOnProcesses(
  name: string,
  {
    broker,
    settings,
    seed,
    signal,
    say,
  }: { broker: LocalBroker; settings: Settings; seed: number; signal: AbortSignal; say?: (line: string) => void },
) {
  const fault = PROCESS_FAULTS[name];
  if (!fault) throw new Error(`no fault ${name} of processes`);
  const stage = await makeProcessStage(broker, settingsFor(settings, fault, broker.backend), signal);
  return runExperiment(name, fault, stage, { seed, ...(say ? { say } : {}) });
}

/**
 * A run of a few seconds, with a lease of one: for tests of faults and the soak.
 * @param id of the run, and prefix of its queues
 */
export function tinyRun(id: string): Settings {
  return {
    env: {
      // 60 chunks of 160 ms on three workers: three seconds.
      RUN_ID: id,
      QUEUE_PREFIX: id,
      TOTAL_PARAMETERS: '240',
      CHUNK_SIZE: '4',
      SIMULATE_WORK_MS: '40',
      STALE_THRESHOLD_MS: '1000',
      RETRY_DELAY_MS: '300',
      STALE_CHECK_INTERVAL_SECONDS: '1',
      IDLE_TIMEOUT_SECONDS: '10',
      CONNECT_TIMEOUT_SECONDS: '60',
      SHUTDOWN_GRACE_SECONDS: '2',
    },
    maxWorkers: 3,
    chunksPerWorker: 1,
    deadlineSeconds: 60,
    pollMs: 300,
  };
}
