/** TTG's own programs as they are built, with their figures read from their logs. */
import { join } from 'node:path';
import { run } from './process.mjs';

/**
 * @typedef {import('../../dist/ops/local/broker.js').LocalBroker} LocalBroker
 * @typedef {{ root: string, broker: LocalBroker, chunks: number, size: number, env?: Record<string, string> }} Job
 */

/** @param {Job} job @param {string} name @returns {Record<string, string>} */
export function environment({ broker, chunks, size, env }, name) {
  return {
    ...broker.env,
    SIMULATE_WORK_MS: '0',
    TOTAL_PARAMETERS: String(chunks * size),
    CHUNK_SIZE: String(size),
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'INFO',
    POD_NAME: name,
    ...env,
  };
}

/** @param {string} out @returns {{ msg: string, time: string, [field: string]: any }[]} */
export function logLines(out) {
  return out.split('\n').flatMap((line) => (line.startsWith('{"level') ? [JSON.parse(line)] : []));
}

/** @param {string} out @param {string} msg */
export function firstLine(out, msg) {
  return logLines(out).find((line) => line.msg === msg);
}

/**
 * RabbitMQ's log is a stream, which cannot be asked for its last record; a worker's last line comes a confirm earlier.
 * @param {string[]} outs
 */
export const lastBatchAt = async (outs) => Math.max(...outs.map((out) => timeOf(out, 'batch done', -1)));

/**
 * Milliseconds since 1970 of the first or last line with this message. @param {string} out @param {string} msg @param
 * {0 | -1} which
 */
export function timeOf(out, msg, which = 0) {
  const line = logLines(out)
    .filter((each) => each.msg === msg)
    .at(which);
  if (!line) throw new Error(`no line "${msg}" in: ${out.slice(-600)}`);
  return Date.parse(line.time);
}

/** The real seeder; the rate is that between its plan and its last confirm. @param {Job} job */
export async function seed(job) {
  const ended = await run(process.execPath, [join(job.root, 'dist/seeder/main.js')], {
    env: environment(job, 'seeder'),
  });
  const seconds = Math.max(1, timeOf(ended.out, 'seeded', -1) - timeOf(ended.out, 'plan')) / 1000;
  return { rate: job.chunks / seconds, seconds, cpuMicros: (ended.cpu / job.chunks) * 1e6, peakMib: ended.peakMib };
}

/**
 * Real workers at once on what is queued; the rate is that between the first one's readiness and the last record, the
 * whole rate that from the start of their processes.
 * @param {Job} job @param {number} workers @param {(outs: string[]) => Promise<number>} lastRecordAt milliseconds since
 *   1970, given what the workers printed
 */
export async function work(job, workers, lastRecordAt) {
  const names = Array.from({ length: workers }, (_, i) => `ttg-worker-abcde-xyz1${i}`);
  const started = Date.now();
  const ended = await Promise.all(
    names.map((name) =>
      run(process.execPath, [join(job.root, 'dist/worker/main.js')], { env: environment(job, name) }),
    ),
  );
  const ready = Math.min(...ended.map(({ out }) => timeOf(out, 'worker ready')));
  const last = await lastRecordAt(ended.map(({ out }) => out));
  const seconds = Math.max(1, last - ready) / 1000;
  const cpu = ended.reduce((sum, each) => sum + each.cpu, 0);
  return {
    rate: job.chunks / seconds,
    wholeRate: (job.chunks / (last - started)) * 1000,
    seconds,
    cpuMicros: (cpu / job.chunks) * 1e6,
    peakMib: Math.max(...ended.map((each) => each.peakMib)),
  };
}

/** The real `ttg verb --json`. @param {Job} job @param {'verify' | 'results'} verb */
export async function report(job, verb) {
  const ended = await run(process.execPath, [join(job.root, 'dist/cli/main.js'), verb, '--json'], {
    env: environment(job, 'cli'),
  });
  return {
    seconds: ended.wallMs / 1000,
    rate: (job.chunks / ended.wallMs) * 1000,
    cpuMicros: (ended.cpu / job.chunks) * 1e6,
    peakMib: ended.peakMib,
  };
}
