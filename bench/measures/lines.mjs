/** The protocol `lines`: parameters a second of a trivial function in Python, through the executor of a worker. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** As a user writes it, with a function of some 0.1 µs. */
const SOURCE = `import sys, json
def f(a, b): return a * 2 + b
for line in sys.stdin:
    p = json.loads(line)
    print(json.dumps({"index": p["index"], "value": f(**p["parameter"])}), flush=True)
`;
const CHUNK = 1000;

/** @param {import('../main.mjs').Bench} bench */
export async function lines({ root, figures, quick }) {
  const folder = mkdtempSync(join(tmpdir(), 'ttg-bench-lines-'));
  try {
    const total = quick ? 100_000 : 1_000_000;
    for (const concurrency of [1, 2]) {
      const { seconds, cpuSeconds } = await measure(root, folder, total, concurrency);
      const plural = concurrency === 1 ? 'one process' : `${concurrency} processes`;
      const area = 'Programs';
      const what = `a trivial Python function by lines, ${plural}, values kept`;
      const note = `${((seconds * 1e6) / total).toFixed(2)} µs a parameter`;
      figures.add({ area, what, value: total / seconds, unit: 'parameters/s', note });
      figures.add({
        area,
        what: `${what}: CPU of the worker`,
        value: (cpuSeconds * 1e6) / total,
        unit: 'µs/parameter',
      });
      if (concurrency === 2) figures.target(what, total / seconds, '>=', 150_000, ' parameters/s');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} root @param {string} folder @param {number} total @param {number} concurrency */
async function measure(root, folder, total, concurrency) {
  const at = (/** @type {string} */ path) => import(join(root, 'dist', path));
  const [{ WorkerExecutor }, { readSweep }, { loadConfig }, { createLogger }] = await Promise.all(
    ['compute/worker-executor.js', 'core/sweep/read.js', 'core/runtime/config.js', 'core/runtime/logger.js'].map(at),
  );
  const file = join(folder, `sweep-${concurrency}.json`);
  const grid = { a: { from: 1, to: total / 10, steps: total / 10 }, b: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] };
  const computation = { command: ['python3', '{source}'], protocol: 'lines', concurrency };
  writeFileSync(file, JSON.stringify({ parameters: { grid }, computation, source: SOURCE }));
  const { id } = await readSweep(file);
  const config = loadConfig({ ...process.env, SWEEP_FILE: file, LOG_LEVEL: 'ERROR' });
  const executor = new WorkerExecutor(config, createLogger(config, 'bench'), () => undefined);
  const chunks = Array.from({ length: total / CHUNK }, (_, i) => ({
    ...{ runId: 'bench', chunkId: String(i), start: i * CHUNK, end: (i + 1) * CHUNK - 1, computation: id },
    ...{ keepValues: true, piece: false, createdAt: '' },
  }));
  let done = 0;
  const execute = async (/** @type {object[]} */ some) =>
    executor.execute(some, {
      signal: new AbortController().signal,
      settled: (/** @type {object[]} */ outcomes) => {
        done += outcomes.filter((outcome) => 'computed' in outcome).length;
      },
    });
  // The start of Python is not what is measured.
  await execute(chunks.slice(0, concurrency));
  const started = performance.now();
  const cpu = process.cpuUsage();
  await execute(chunks);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await executor[Symbol.asyncDispose]();
  if (done !== chunks.length + concurrency) throw new Error(`${chunks.length + concurrency - done} chunks failed`);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}
