/** `npm run bench -- --sweep`: sweeps on this machine, by TTG and by what Python users reach for, in one run. */
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { answer, run } from '../lib/process.mjs';
import { folderOf, numbers, objects } from './cases.mjs';
import { measurePeer, PEERS } from './peers.mjs';
import { installSweepPython } from './python.mjs';
import { runSweep } from './ttg.mjs';

/** What is measured of TTG: a line a parameter, many of them in a line, and values that are objects. */
const OWN = ['lines', 'batches', 'objects'];
/** TTG's rate, many parameters in a line as the peers have it, against a peer's. @type {Readonly<Record<string, number>>} */
const WANTED = { joblib: 0.5, dask: 100, ray: 50 };

/**
 * @typedef {object} Options
 * @property {string} root whose dist it is
 * @property {string} here the folder bench/
 * @property {boolean} quick
 * @property {number} budget seconds for each peer
 * @property {string[] | undefined} only of OWN and the peers, what is measured; undefined: all
 * @property {boolean} memory also ten million parameters, for the memory that they take
 */

/** @param {Options} options @param {import('../lib/figures.mjs').Figures} figures */
export async function sweep(options, figures) {
  const { here, quick, budget, only, memory } = options;
  const unknown = only?.find((name) => ![...OWN, ...PEERS].includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: give some of ${[...OWN, ...PEERS].join(', ')}`);
  const isWanted = (/** @type {string} */ name) => only?.includes(name) ?? true;
  const python = await installSweepPython();
  const processes = availableParallelism();
  const size = quick ? 405_600 : undefined;
  const one = numbers(size);
  if (isWanted('lines')) await measure('numbers', one, options, figures);
  const ours = isWanted('batches') ? await measure('numbers in batches', numbers(size, 100), options, figures) : NaN;
  for (const name of PEERS.filter(isWanted)) {
    const file = join(here, 'peers/sweep.py');
    const found = await measurePeer(name, one.total, budget, { python, file, processes }).catch((error) =>
      figures.leaveOut(name, error),
    );
    if (!found) {
      figures.leaveOut(name, `nothing ended within ${budget} s`);
      continue;
    }
    const note = `${found.whole ? 'all' : 'the most in its time'}, ${found.seconds.toFixed(1)} s without start-up`;
    figures.add({
      area: 'sweep',
      what: `${name} ${found.version}, ${found.size.toLocaleString('en')}`,
      value: found.rate,
      unit: '/s',
      note,
    });
    if (WANTED[name])
      figures.target(`sweep: TTG in batches ÷ ${name}, parameters a second`, ours / found.rate, '>=', WANTED[name]);
  }
  if (!isWanted('objects')) return;
  const table = objects(quick ? 100_000 : 1_000_000);
  await measure('objects of three columns', table, options, figures, async (parquet) => {
    const checked = answer(await run(python, [join(here, 'sweep/check_table.py'), parquet, String(table.total)]));
    for (const [name, { rows }] of Object.entries(checked.rows)) {
      const what = `rows of the Parquet file equal, read by ${name} ${checked.versions[name]}`;
      figures.add({ area: 'sweep', what, value: rows, unit: 'rows' });
    }
  });
  if (memory) await measure('objects of three columns', objects(quick ? 1_000_000 : 10_000_000), options, figures);
}

/**
 * @param {string} what @param {import('./cases.mjs').Case} one @param {Options} options
 * @param {import('../lib/figures.mjs').Figures} figures @param {(parquet: string) => Promise<void>} [check]
 * @returns {Promise<number>} parameters a second, from the start of `ttg run` to its verdict
 */
async function measure(what, one, { root }, figures, check) {
  const dir = folderOf(one);
  try {
    const { firstSeconds, runSeconds, exportSeconds, logMib, peakMib, parquet } = await runSweep(
      root,
      dir,
      availableParallelism(),
    );
    const add = (/** @type {string} */ name, /** @type {number} */ value, unit = 's', peak = NaN) =>
      figures.add({
        area: `sweep of ${one.total.toLocaleString('en')} ${what}`,
        what: name,
        value,
        unit,
        ...(peak > 0 ? { peakMib: peak } : {}),
      });
    add('TTG, first result', firstSeconds);
    add('TTG, verdict', runSeconds, 's', peakMib.main);
    add('TTG, rate with start-up and verdict', one.total / runSeconds, '/s');
    add('TTG, Parquet file', exportSeconds, 's', peakMib.exporter);
    add('TTG, log', logMib, 'MiB');
    add('memory of the coordinator, `ttg run`', peakMib.main, 'MiB');
    add('memory of a worker', peakMib.worker, 'MiB');
    add('memory of the program', peakMib.program, 'MiB');
    add('memory of the exporter, `ttg results`', peakMib.exporter, 'MiB');
    await check?.(parquet);
    return one.total / runSeconds;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
