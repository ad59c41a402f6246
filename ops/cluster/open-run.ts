/** A release's run, opened to `ttg` on this machine: the same program that runs in the cluster, over port-forwards. */
import { rm, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askTtg, runTtg } from '../programs.js';
import { Stop } from '../script/stop.js';
import { orAbsent } from './kube.js';
import { liesElsewhere, readsValues, runTtgInPod } from './reader.js';
import { connectRelease, releaseEnv, type Where } from './release.js';

export interface OpenRun {
  /** how the command reaches the run */
  env: Record<string, string>;
  /** what the command needs beside its verb */
  args: string[];
  /** the directory with the pods' logs, in static mode */
  logs: string | undefined;
  /** of the port-forwards */
  lastError: () => string;
  close: () => Promise<void>;
}

/**
 * A run of a release, opened to programs on this machine: its broker by port-forwards, or its pods' logs as files.
 * @param runId another run than the release's own
 */
export async function openRun(where: Where, runId: string | undefined): Promise<OpenRun> {
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

export async function runTtgOnRelease(
  where: Where,
  args: string[],
  { signal, runId }: { signal: AbortSignal; runId?: string | undefined },
): Promise<number> {
  if (readsValues(args)) {
    const release = await releaseEnv(where);
    if (liesElsewhere(release)) return runTtgInPod(where, release, args, { signal, runId });
  }
  const opened = await openRun(where, runId);
  const env = args.includes('--wait') ? opened.env : { ...opened.env, ...impatience(opened) };
  return runTtg(env, [...args, ...opened.args], signal).finally(opened.close);
}

/** Runs a verb that answers in JSON. */
export async function askTtgOnRun(
  opened: OpenRun,
  args: string[],
  { signal, patient }: { signal: AbortSignal; patient: boolean },
): Promise<unknown> {
  const env = { ...process.env, ...opened.env, ...(patient ? {} : impatience(opened)) };
  const { status, stdout, stderr } = await askTtg(
    { ...env, LOG_LEVEL: 'ERROR', LOG_FORMAT: 'text' },
    [...args, ...opened.args],
    signal,
  );
  if (status !== 0)
    throw new Stop(
      `ttg ${args[0]} ended with ${status}: ${stderr.trim()}`,
      'ask `npx zx scripts/why.mjs` for the cause, with the same flags',
    );
  return JSON.parse(stdout) as unknown;
}

/**
 * A pod waits minutes for its broker, as somebody does who waits for a run. Whoever asks something else at a terminal
 * is told sooner that the broker is away.
 */
const CONNECT_SECONDS = 30;
const impatience = ({ env }: OpenRun) => ({
  CONNECT_TIMEOUT_SECONDS: String(Math.min(Number(env.CONNECT_TIMEOUT_SECONDS ?? CONNECT_SECONDS), CONNECT_SECONDS)),
});

/** The logs of a static Job's pods, a file each, in a new directory. */
async function downloadLogs({ kube, namespace }: Where, job: string) {
  const directory = await mkdtemp(join(tmpdir(), 'ttg-logs-'));
  const pods = await kube.core.listNamespacedPod({ namespace, labelSelector: `batch.kubernetes.io/job-name=${job}` });
  for (const pod of pods.items) {
    const name = pod.metadata?.name ?? '';
    const text = (await orAbsent(kube.core.readNamespacedPodLog({ namespace, name }))) ?? ''; // gone: it comes out as missing
    await writeFile(join(directory, name), text);
  }
  return directory;
}
