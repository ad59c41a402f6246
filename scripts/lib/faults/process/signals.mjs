/** Signals to processes of this machine, each until its effect is seen. */
import { createConnection } from 'node:net';
import { readFileSync } from 'node:fs';
import { isRunning } from '../../demo/processes.mjs';
import { Stop } from '../../steps.mjs';

/** @typedef {import('../../demo/processes.mjs').Process} Process */

/**
 * Sends a signal and waits for the process to end of it.
 * @param {Process} victim
 * @param {NodeJS.Signals} signal
 * @param {NodeJS.Signals} [endsBy] the same signal when omitted
 * @returns {Promise<import('../types.mjs').Struck>}
 */
export async function endBy({ child, name, exited }, signal, endsBy = signal) {
  const at = Date.now();
  if (!child.kill(signal)) throw new Stop(`${name} could not be sent ${signal}: it is not running`);
  await exited;
  if (child.signalCode !== endsBy)
    throw new Stop(`${name} ended with ${child.signalCode ?? `status ${child.exitCode}`}, not by ${endsBy}`);
  return { at, observed: `process ${child.pid} ended by ${endsBy}` };
}

/**
 * @param {Process} victim
 * @param {import('../types.mjs').Stage['until']} until
 * @returns {Promise<import('../types.mjs').Struck>}
 */
export async function freeze({ child, name }, until) {
  const at = Date.now();
  child.kill('SIGSTOP');
  await until(() => isStopped(child.pid), `${name} stopped`);
  return { at, observed: `process ${child.pid} in state T` };
}

/**
 * @param {Process} sleeper
 * @param {import('../types.mjs').Stage['until']} until
 */
export async function wake(sleeper, until) {
  sleeper.child.kill('SIGCONT');
  await until(() => !isRunning(sleeper) || !isStopped(sleeper.child.pid), `${sleeper.name} goes on`);
}

/** @param {number | undefined} pid */
function isStopped(pid) {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') T ');
}

/** @param {number} port @returns {Promise<string>} the error's code, or `open` */
export function dial(port) {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve('open');
    });
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  });
}
