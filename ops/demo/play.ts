/** One run from its start to its verdict, whatever it plays on, with a worker killed in the middle if that is wanted. */
import { which } from 'zx';
import { runTtg } from '../programs.js';
import type { Run } from '../script/frame.js';
import { Stop } from '../script/stop.js';
import { proveRecovery, strike } from './fault.js';
import { startMonitor, watch, type Progress } from './monitor.js';
import { openWebMonitor, type Stage } from './stage.js';

export interface PlayOptions {
  /** Kill a worker in the middle of a chunk. */
  readonly fault: boolean;
  readonly monitor: 'cli' | 'web' | 'both' | 'none';
  /** Shows the progress where `monitor` wants it here. */
  readonly show: (progress: Progress) => void;
}

/** @returns exit status */
export async function play({ fault: withFault, monitor: kind, show }: PlayOptions, run: Run, stage: Stage) {
  if (kind === 'web' || kind === 'both') openWebMonitor(stage, run);
  const monitor = await startMonitor(stage.env, run.signal);
  try {
    const shown = kind === 'cli' || kind === 'both' ? show : undefined;
    const watching = watch(stage, monitor, { signal: run.signal, show: shown });
    watching.catch(() => {});
    const fault = withFault ? await strike(stage, monitor, run) : undefined;
    if (fault) run.print(`fault: ${fault.worker} killed without grace in the middle of chunk ${fault.chunkId}`);
    await watching;
    const status = await runTtg(stage.env, ['verify'], run.signal);
    await runTtg(stage.env, ['results'], run.signal);
    if (fault) run.print(proveRecovery(fault, monitor.ledger));
    if (status !== 0) throw new Stop('the run is not complete', 'see the verdict above');
    return 0;
  } finally {
    await monitor.close();
  }
}

/** @returns why there can be no cluster, if there can be none */
export async function clusterObstacle(run: Run): Promise<string | undefined> {
  for (const program of ['docker', 'kind', 'kubectl', 'helm'])
    if (!(await which(program, { nothrow: true }))) return `${program} is not on the PATH`;
  return (await run.sh({ nothrow: true, timeout: '20s' })`docker info`).exitCode === 0
    ? undefined
    : 'the Docker engine does not answer';
}
