/** Runs a program to its end, and says what it cost: seconds, CPU seconds, peak memory. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** Linux counts CPU time in hundredths of a second (USER_HZ). */
const TICKS = 100;

/**
 * CPU seconds, user and system, of a process and all its threads; NaN where there is no /proc. @param {number |
 * undefined} pid
 */
export function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return NaN;
  }
}

/** @param {number | undefined} pid @param {'VmHWM' | 'VmRSS'} field peak, or at this moment; in MiB */
export function memoryMib(pid, field = 'VmHWM') {
  try {
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return NaN;
  }
}

/**
 * @typedef {object} Ended
 * @property {number} code
 * @property {number} wallMs
 * @property {number} cpu CPU seconds, 20 ms short at most
 * @property {number} peakMib
 * @property {string} out both streams
 *
 * @typedef {object} Running
 * @property {import('node:child_process').ChildProcess} child
 * @property {Promise<Ended>} ended
 * @property {() => string} output so far
 */

/** @type {Set<import('node:child_process').ChildProcess>} */
const alive = new Set();

/** @param {number | undefined} pid */
function killGroup(pid) {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}

/** For the end of the bench, whatever the reason. */
export function killAll() {
  for (const child of alive) {
    killGroup(child.pid);
    child.kill('SIGKILL');
  }
}

/**
 * @typedef {object} StartOptions
 * @property {Record<string, string>} [env]
 * @property {string} [cwd]
 * @property {boolean} [group] what it started ends with it
 *
 * @param {string} program @param {string[]} args @param {StartOptions} [options] @returns {Running}
 */
export function start(program, args, { env = {}, cwd, group = false } = {}) {
  const started = performance.now();
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: group,
  });
  // Else a helper process that outlives it would keep its pipes open.
  if (group) child.once('exit', () => killGroup(child.pid));
  alive.add(child);
  const cost = { cpu: 0, peakMib: 0 };
  const poll = setInterval(() => {
    const cpu = cpuSeconds(child.pid);
    if (cpu > cost.cpu) cost.cpu = cpu;
    const peak = memoryMib(child.pid);
    if (peak > cost.peakMib) cost.peakMib = peak;
  }, 20);
  let out = '';
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (out += data));
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(poll);
      alive.delete(child);
      resolve({ code: code ?? -1, wallMs: performance.now() - started, ...cost, out });
    });
  });
  return { child, ended, output: () => out };
}

/**
 * As `start`, to a good end. @param {string} program @param {string[]} args @param {{ env?: Record<string, string>,
 * cwd?: string }} [options] @returns {Promise<Ended>}
 */
export async function run(program, args, options) {
  const ended = await start(program, args, options).ended;
  if (ended.code !== 0)
    throw new Error(`${program} ${args.join(' ')} ended with ${ended.code}: ${ended.out.slice(-600)}`);
  return ended;
}

/** The last line of output that is JSON: how the programs of peers/ answer. @param {Ended} ended @returns {any} */
export function answer(ended) {
  const line = ended.out.split('\n').findLast((text) => text.startsWith('{'));
  if (!line) throw new Error(`no figures in: ${ended.out.slice(-600)}`);
  return JSON.parse(line);
}
