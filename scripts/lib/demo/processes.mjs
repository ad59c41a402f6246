/** Seeder and workers as processes of this machine: started by name, watched, and never left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const entry = (/** @type {string} */ name) => fileURLToPath(new URL(`../../../dist/${name}/main.js`, import.meta.url));
/** How much of a process's output is kept. */
const LOG_LIMIT = 1 << 20;
const GRACE_MS = 5000;

/**
 * @typedef {object} Process
 * @property {string} name as in records: what POD_NAME says
 * @property {import('node:child_process').ChildProcess} child
 * @property {string} log standard output so far
 * @property {Promise<unknown>} exited
 *
 * @typedef {object} Processes
 * @property {(program: 'worker' | 'seeder', name: string, env: Record<string, string>) => Process} start
 * @property {(name: string) => Process | undefined} get dead or alive
 * @property {(program: 'worker' | 'seeder') => Process[]} all in the order of their start, dead or alive
 * @property {(program: 'worker' | 'seeder') => Process[]} running
 * @property {() => Promise<void>} end asks all to stop, and kills those that do not
 */

/** @param {Process} p */
export function isRunning({ child }) {
  return child.exitCode === null && child.signalCode === null;
}

/** @returns {Processes} */
export function makeProcesses() {
  /** @type {Map<string, Process & { program: string }>} */
  const processes = new Map();
  const all = (/** @type {string} */ program) => [...processes.values()].filter((p) => p.program === program);
  return {
    start: (program, name, env) => {
      const child = spawn(process.execPath, [entry(program)], {
        env: { ...process.env, ...env, POD_NAME: name, NODE_NAME: 'this machine' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const started = { program, name, child, log: '', exited: once(child, 'close') };
      for (const stream of [child.stdout, child.stderr]) {
        stream
          ?.setEncoding('utf8')
          .on('data', (/** @type {string} */ text) => (started.log = (started.log + text).slice(-LOG_LIMIT)));
      }
      processes.set(name, started);
      return started;
    },
    get: (name) => processes.get(name),
    all,
    running: (program) => all(program).filter(isRunning),
    end: async () => {
      await Promise.all(
        [...processes.values()].filter(isRunning).map(async ({ child, exited }) => {
          // A frozen process takes no other signal but SIGKILL until it goes on.
          child.kill('SIGCONT');
          child.kill('SIGTERM');
          const hard = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
          await exited;
          clearTimeout(hard);
        }),
      );
    },
  };
}
