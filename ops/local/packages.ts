/** Installs a broker from Debian's packages, without letting the system's service start. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Server } from './config.js';
import { run } from './guard.js';

const PACKAGES = { redis: 'redis-server', rabbitmq: 'rabbitmq-server' };

/** Debian asks this program before a package starts its service; 101 means no. */
const POLICY = '/usr/sbin/policy-rc.d';

/** Why packages cannot be installed here, or undefined if they can. */
export function packagesObstacle(): string | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  if (!existsSync('/etc/debian_version') || !path.some((folder) => existsSync(join(folder, 'apt-get'))))
    return 'this is no Debian or Ubuntu';
  return process.getuid?.() === 0 ? undefined : 'installing packages needs root';
}

export async function installPackage(backend: Server) {
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const lists = existsSync('/var/lib/apt/lists') ? readdirSync('/var/lib/apt/lists') : [];
    if (!lists.some((name) => name.includes('Packages'))) await aptGet(['update', '-qq']);
    await aptGet(['install', PACKAGES[backend]]).catch(async () => {
      await aptGet(['update', '-qq']);
      await aptGet(['install', PACKAGES[backend]]);
    });
  } finally {
    if (ours) rmSync(POLICY, { force: true });
  }
}

async function aptGet(args: string[]) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await run('apt-get', ['-y', '-o', 'DPkg::Lock::Timeout=300', '--no-install-recommends', ...args], {
    timeoutMs: 600_000,
    env,
  });
}

export function remedy(backend: Server) {
  const image = backend === 'redis' ? 'redis:8' : 'rabbitmq:4-management';
  return [
    `  Docker:           start the engine, then: docker pull ${image}`,
    `  Debian, Ubuntu:   sudo apt-get update && sudo apt-get install -y ${PACKAGES[backend]}`,
    `  macOS:            brew install ${backend}`,
  ].join('\n');
}
