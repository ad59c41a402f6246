/** Signals to processes of this machine, each until its effect is seen. */
import { readFileSync } from 'node:fs';
import { type Process, isRunning } from '../../ops/local/fleet.js';
import { Stop } from '../../ops/script/stop.js';
import type { Until } from '../../ops/script/wait.js';
import type { Effect } from '../../ops/run/observe.js';

/**
 * Sends a signal and waits for the process to end of it.
 * @param endsBy the same signal when omitted
 */
export async function endBy(
  { child, name, exited }: Process,
  signal: NodeJS.Signals,
  endsBy: NodeJS.Signals = signal,
): Promise<Effect> {
  const at = Date.now();
  if (!child.kill(signal)) throw new Stop(`${name} could not be sent ${signal}: it is not running`);
  await exited;
  if (child.signalCode !== endsBy)
    throw new Stop(`${name} ended with ${child.signalCode ?? `status ${child.exitCode}`}, not by ${endsBy}`);
  return { at, observed: `process ${child.pid} ended by ${endsBy}` };
}

export async function freeze({ child, name }: Process, until: Until): Promise<Effect> {
  const at = Date.now();
  child.kill('SIGSTOP');
  await until(() => isStopped(child.pid), `${name} stopped`);
  return { at, observed: `process ${child.pid} in state T` };
}

export async function wake(sleeper: Process, until: Until) {
  sleeper.child.kill('SIGCONT');
  await until(() => !isRunning(sleeper) || !isStopped(sleeper.child.pid), `${sleeper.name} goes on`);
}

function isStopped(pid: number | undefined) {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') T ');
}
