/** One run from its start to its verdict, whatever it runs on, with a worker killed in the middle if that is wanted. */
import { chalk, which } from 'zx';
import { askTtg } from '../programs.js';
import type { Script } from '../script/frame.js';
import { killMidChunk, proveRecovery } from './fault.js';
import type { LiveView } from './live.js';
import { startMonitor, watch } from './monitor.js';
import { openWebMonitor, type Stage } from './stage.js';

export interface DemoOptions {
  /** Kill a worker in the middle of a chunk. */
  readonly fault: boolean;
  readonly monitor: 'cli' | 'web' | 'both' | 'none';
  readonly view: LiveView;
}

/** What is to be shown once the demo is taken down: the verdict shall be the last thing on the screen. */
export interface Ending {
  readonly status: number;
  /** Figures of the run and of its workers, and how the fault ended. */
  readonly report: string;
  readonly verdict: string;
}

export async function runDemo(
  { fault: withFault, monitor: kind, view }: DemoOptions,
  script: Script,
  stage: Stage,
): Promise<Ending> {
  if (kind === 'web' || kind === 'both') openWebMonitor(stage, script);
  const monitor = await startMonitor(stage.env, script.signal);
  try {
    const show = kind === 'cli' || kind === 'both' ? view.show.bind(view) : undefined;
    const watching = watch(stage, monitor, { signal: script.signal, show });
    watching.catch(() => {});
    const kill = withFault ? await killMidChunk(stage, monitor, script) : undefined;
    if (kill) view.note(`${kill.worker} killed without grace in the middle of chunk ${kill.chunkId}`);
    await watching;
    view.end();
    const env = { ...process.env, ...stage.env, LOG_LEVEL: 'WARNING', LOG_FORMAT: 'text' };
    const results = await askTtg(env, ['results'], script.signal);
    const verdict = await askTtg(env, ['verify'], script.signal);
    const recovery = kill ? `${proveRecovery(kill, monitor.ledger)}\n` : '';
    return {
      status: results.status || verdict.status,
      report: `${results.stdout}${results.stderr}${recovery}`,
      verdict: `${verdict.stdout}${verdict.stderr}`,
    };
  } finally {
    view.end();
    await monitor.close();
  }
}

/** The last word in colour, where there are colours. */
export function printEnding({ report, verdict, status }: Ending, print: (text: string) => void): void {
  print(report);
  const colour = status === 0 ? chalk.green : status === 3 ? chalk.yellow : chalk.red;
  const lines = verdict.trimEnd().split('\n');
  print([...lines.slice(0, -1), colour(lines.at(-1) ?? '')].join('\n'));
}

/** @returns why there can be no cluster, if there can be none */
export async function clusterObstacle(script: Script): Promise<string | undefined> {
  for (const program of ['docker', 'kind', 'kubectl', 'helm'])
    if (!(await which(program, { nothrow: true }))) return `${program} is not on the PATH`;
  return (await script.sh({ nothrow: true, timeout: '20s' })`docker info`).exitCode === 0
    ? undefined
    : 'the Docker engine does not answer';
}
