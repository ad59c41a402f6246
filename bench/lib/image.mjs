/**
 * TTG's image, built for the bench where a Docker engine has its base; its workers run on the network of this machine.
 */
import { join } from 'node:path';
import { run, start } from './process.mjs';

const IMAGE = 'ttg:bench';

/**
 * @param {string} root @returns {Promise<string>} the image's version of Node; throws with the reason why there is none
 */
export async function buildImage(root) {
  await run(process.execPath, [join(root, 'scripts/lib/bundle.mjs')], { cwd: root });
  await run('docker', ['image', 'inspect', 'node:24-bookworm-slim']);
  await run('docker', ['build', '--quiet', '--tag', IMAGE, '.'], { cwd: root });
  const { out } = await run('docker', ['run', '--rm', IMAGE, 'node', '--version']);
  return out.trim();
}

/**
 * As a pod runs it: nothing but its bundle, and no place to write to. @param {Record<string, string>} env @param
 * {string} [cpus]
 */
export function startInImage(env, cpus) {
  const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  return start('docker', [
    'run',
    '--rm',
    '--network',
    'host',
    '--read-only',
    ...(cpus ? ['--cpus', cpus] : []),
    ...variables,
    IMAGE,
  ]);
}
