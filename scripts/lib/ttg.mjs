/** Runs the `ttg` command against a release: the same program that runs in the cluster, over port-forwards. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectRelease } from './release.mjs';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * @param {Record<string, string>} env
 * @param {string[]} args
 * @param {AbortSignal} signal
 * @returns {Promise<number>} its exit status
 */
export async function runTtg(env, args, signal) {
  const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...env, LOG_LEVEL: 'WARNING', LOG_FORMAT: 'text' }, stdio: ['ignore', 'inherit', 'inherit'] });
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const [code] = await once(child, 'exit');
  signal.removeEventListener('abort', stop);
  return code ?? 1;
}

/**
 * @param {import('./release.mjs').Where} where
 * @param {string[]} args
 * @param {{ signal: AbortSignal, runId?: string | undefined }} options
 * @returns {Promise<number>}
 */
export async function runTtgOnRelease(where, args, { signal, runId }) {
  const connection = await connectRelease(where);
  /** @type {string | undefined} */
  let logs;
  try {
    const env = { ...connection.env, LOG_LEVEL: 'WARNING', LOG_FORMAT: 'text', ...(runId ? { RUN_ID: runId } : {}) };
    if (connection.release.staticJob) {
      logs = await downloadLogs(where, connection.release.staticJob.metadata?.name ?? '');
      return await runTtg(env, [...args, '--logs', logs], signal);
    }
    return await runTtg(env, args, signal);
  } finally {
    await connection.close();
    if (logs) await rm(logs, { recursive: true });
  }
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
    const text = await kube.core.readNamespacedPodLog({ namespace, name }).catch(() => ''); // lost: it comes out as missing
    await writeFile(join(directory, name), text);
  }
  return directory;
}
