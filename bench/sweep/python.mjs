/** The Python of the sweeps: what TTG is compared with, and two readers of Parquet, in a folder of its own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../lib/peers.mjs';
import { run } from '../lib/process.mjs';

const PACKAGES = ['joblib', 'dask', 'distributed', 'ray', 'pyarrow', 'duckdb'];

/** @returns {Promise<string>} the interpreter */
export async function installSweepPython() {
  const dir = join(CACHE, 'sweep');
  const python = join(dir, 'bin', 'python');
  const check = ['-c', `import ${PACKAGES.join(', ')}`];
  const isThere = () =>
    existsSync(python) &&
    run(python, check).then(
      () => true,
      () => false,
    );
  if (await isThere()) return python;
  console.error(`  installs ${PACKAGES.join(', ')} into ${dir}`);
  try {
    await run('python3', ['-m', 'venv', dir]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES]);
    await run(python, check);
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().slice(-400) : String(error);
    throw new Error(
      `no Python with ${PACKAGES.join(', ')} in ${dir} (${reason}). It takes python3 with venv, of a version that Ray ` +
        'has a wheel for, and a package index within reach of pip (PIP_INDEX_URL). By hand: ' +
        `python3 -m venv ${dir} && ${python} -m pip install ${PACKAGES.join(' ')}`,
    );
  }
  return python;
}
