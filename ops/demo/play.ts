/** One run from its start to its verdict, whatever it runs on, with a worker killed in the middle if that is wanted. */
import { which } from 'zx';
import { runTtg } from '../programs.js';
import type { Script } from '../script/frame.js';
import { Stop } from '../script/stop.js';
import { proveRecovery, killMidChunk } from './fault.js';
import { startMonitor, watch, type Progress } from './monitor.js';
import { openWebMonitor, type Stage } from './stage.js';

export interface DemoOptions {
  /** Kill a worker in the middle of a chunk. */
  readonly fault: boolean;
  readonly monitor: 'cli' | 'web' | 'both' | 'none';
  /** Shows the progress where `monitor` wants it here. */
  readonly show: (progress: Progress) => void;
}

/** @returns exit status */
export async function runDemo({ fault: withFault, monitor: kind, show }: DemoOptions, script: Script, stage: Stage) {
  if (kind === 'web' || kind === 'both') openWebMonitor(stage, script);
  const monitor = await startMonitor(stage.env, script.signal);
  try {
    const shown = kind === 'cli' || kind === 'both' ? show : undefined;
    const watching = watch(stage, monitor, { signal: script.signal, show: shown });
    watching.catch(() => {});
    const kill = withFault ? await killMidChunk(stage, monitor, script) : undefined;
    if (kill) script.print(`fault: ${kill.worker} killed without grace in the middle of chunk ${kill.chunkId}`);
    await watching;
    const status = await runTtg(stage.env, ['verify'], script.signal);
    await runTtg(stage.env, ['results'], script.signal);
    if (kill) script.print(proveRecovery(kill, monitor.ledger));
    if (status !== 0) throw new Stop('the run is not complete', 'see the verdict above');
    return 0;
  } finally {
    await monitor.close();
  }
}

/** @returns why there can be no cluster, if there can be none */
export async function clusterObstacle(script: Script): Promise<string | undefined> {
  for (const program of ['docker', 'kind', 'kubectl', 'helm'])
    if (!(await which(program, { nothrow: true }))) return `${program} is not on the PATH`;
  return (await script.sh({ nothrow: true, timeout: '20s' })`docker info`).exitCode === 0
    ? undefined
    : 'the Docker engine does not answer';
}
