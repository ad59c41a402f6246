/**
 * Before all end-to-end tests: the cluster with KEDA, and the image in it. After them, what was made here goes again.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { CLUSTER, IMAGE_TAG, KUBECONFIG, OUT, ROOT } from './support/place.js';

function script(name: string, ...args: string[]): void {
  execFileSync(process.execPath, [`scripts/${name}.mjs`, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, KUBECONFIG },
  });
}

/** TTG_E2E_KEEP=1 leaves the cluster for the next run: the second run starts in seconds. */
export default function setup(): () => void {
  mkdirSync(OUT, { recursive: true });
  const clusters = execFileSync('kind', ['get', 'clusters'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const existed = clusters.split('\n').includes(CLUSTER);
  script('kind-up', '--name', CLUSTER);
  script('build', '--version', IMAGE_TAG, '--load-kind', '--name', CLUSTER);
  return () => {
    if (!existed && !process.env.TTG_E2E_KEEP) script('kind-down', '--name', CLUSTER, '--force');
  };
}
