/** `ttg run` of a sweep on the embedded broker, and its table as Parquet: seconds, and the memory of each process. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run, start } from '../lib/process.mjs';
import { watchMemory } from './memory.mjs';

/**
 * @typedef {object} Swept
 * @property {number} firstSeconds from the start of `ttg run` until the first chunk's results were durable
 * @property {number} runSeconds to its verdict
 * @property {number} exportSeconds of `ttg results --out` alone
 * @property {string} parquet
 * @property {number} logMib
 * @property {{ main: number, worker: number, program: number, exporter: number }} peakMib of the largest of each
 */

/**
 * @param {string} root whose dist it is @param {string} dir with sweep.yaml and program.py @param {number} jobs
 *   @returns {Promise<Swept>}
 */
export async function runSweep(root, dir, jobs) {
  const ttg = join(root, 'dist/cli/main.js');
  const began = Date.now();
  const args = ['run', 'sweep.yaml', '--run-id', 'sweep', '--source', 'program.py', '-j', String(jobs)];
  const running = start(process.execPath, [ttg, ...args], { cwd: dir });
  const memory = watchMemory(running.child.pid);
  const ended = await running.ended;
  memory.stop();
  if (ended.code !== 0) throw new Error(`ttg run ended with ${ended.code}: ${ended.out.slice(-600)}`);
  const parquet = join(dir, 'table.parquet');
  const exported = await run(process.execPath, [ttg, 'results', 'sweep', '--out', parquet], { cwd: dir });
  const peak = (/** @type {string} */ kind) => memory.peaks.get(kind) ?? NaN;
  return {
    firstSeconds: (firstDone(join(dir, 'runs/sweep/workers.log')) - began) / 1000,
    runSeconds: ended.wallMs / 1000,
    exportSeconds: exported.wallMs / 1000,
    parquet,
    logMib: statSync(join(dir, 'runs/sweep/log/ttg.journal')).size / 2 ** 20,
    peakMib: { main: peak('main'), worker: peak('worker'), program: peak('program'), exporter: exported.peakMib },
  };
}

/** When a worker first had results confirmed. @param {string} log */
function firstDone(log) {
  return Date.parse(/^(\S+) .*: batch done /m.exec(readFileSync(log, 'utf8'))?.[1] ?? '');
}
