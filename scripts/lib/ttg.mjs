/** Runs the `ttg` command against a release: the same program that runs in the cluster, over port-forwards. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { orAbsent } from './kube.mjs';
import { connectRelease } from './release.mjs';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * @param {Record<string, string>} env
 * @param {string[]} args
 * @param {AbortSignal} signal
 * @returns {Promise<number>} its exit status
 */
export async function runTtg(env, args, signal) {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...process.env, ...env, LOG_LEVEL: 'WARNING', LOG_FORMAT: 'text' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const [code] = await once(child, 'exit');
  signal.removeEventListener('abort', stop);
  return code ?? 1;
}

/**
 * @typedef {object} OpenRun
 * @property {Record<string, string>} env how the command reaches the run
 * @property {string[]} args what the command needs beside its verb
 * @property {string | undefined} logs the directory with the pods' logs, in static mode
 * @property {() => string} lastError of the port-forwards
 * @property {() => Promise<void>} close
 */

/**
 * A run of a release, opened to programs on this machine: its broker by port-forwards, or its pods' logs as files.
 * @param {import('./release.mjs').Where} where
 * @param {string | undefined} runId another run than the release's own
 * @returns {Promise<OpenRun>}
 */
export async function openRun(where, runId) {
  const connection = await connectRelease(where);
  const env = { ...connection.env, ...(runId ? { RUN_ID: runId } : {}) };
  const job = connection.release.staticJob?.metadata?.name;
  const { lastError, close } = connection;
  if (!job) return { env, args: [], logs: undefined, lastError, close };
  const logs = await downloadLogs(where, job);
  return {
    env,
    args: ['--logs', logs],
    logs,
    lastError,
    close: async () => {
      await close();
      await rm(logs, { recursive: true });
    },
  };
}

/**
 * @param {import('./release.mjs').Where} where
 * @param {string[]} args
 * @param {{ signal: AbortSignal, runId?: string | undefined }} options
 * @returns {Promise<number>}
 */
export async function runTtgOnRelease(where, args, { signal, runId }) {
  const opened = await openRun(where, runId);
  return runTtg(opened.env, [...args, ...opened.args], signal).finally(opened.close);
}

/**
 * Runs a verb that answers in JSON.
 * @param {OpenRun} opened
 * @param {string[]} args
 * @param {AbortSignal} signal
 * @returns {Promise<never>} typed by who asks
 */
export async function askTtg(opened, args, signal) {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args, ...opened.args], {
    env: { ...process.env, ...opened.env, LOG_LEVEL: 'ERROR', LOG_FORMAT: 'text' },
    signal,
    maxBuffer: 1 << 28,
  });
  return /** @type {never} */ (JSON.parse(stdout));
}

/**
 * The logs of a static Job's pods, a file each, in a new directory.
 * @param {import('./release.mjs').Where} where
 * @param {string} job
 */
async function downloadLogs({ kube, namespace }, job) {
  const directory = await mkdtemp(join(tmpdir(), 'ttg-logs-'));
  const pods = await kube.core.listNamespacedPod({ namespace, labelSelector: `batch.kubernetes.io/job-name=${job}` });
  for (const pod of pods.items) {
    const name = pod.metadata?.name ?? '';
    const text = (await orAbsent(kube.core.readNamespacedPodLog({ namespace, name }))) ?? ''; // gone: it comes out as missing
    await writeFile(join(directory, name), text);
  }
  return directory;
}
