/** The image: compiled, bundled, built, measured, and loaded into a Kind cluster. */
import { ROOT } from '../programs.js';
import type { Script } from '../script/frame.js';
import { messageOf, Stop } from '../script/stop.js';
import { nodeContainers, noCluster } from './kind.js';
import { plural } from '../../core/runtime/words.js';

/** @param image repository:version */
export async function buildImage(script: Script, image: string) {
  await script.step('compiling', () => script.sh({ cwd: ROOT })`npm run --silent build`);
  const sizes = await script.step('bundling', async () => {
    try {
      const { bundle } = await import('./bundle.js');
      return await bundle();
    } catch (thrown) {
      throw new Stop(messageOf(thrown), 'a missing package: `npm ci`; otherwise correct the source named above');
    }
  });
  for (const [file, bytes] of Object.entries(sizes))
    script.print(`  build/image/${file.padEnd(20)} ${(bytes / 1024).toFixed(0).padStart(6)} KiB`);
  await script.step(`building ${image}`, async () => {
    try {
      await script.sh({ cwd: ROOT })`docker build --tag ${image} .`;
    } catch (thrown) {
      script.signal.throwIfAborted();
      throw new Stop(
        messageOf(thrown),
        'the base image is pulled from Docker Hub: without access, `docker load` node:24-bookworm-slim first',
      );
    }
  });
  const bytes = Number((await script.sh`docker image inspect --format ${'{{.Size}}'} ${image}`).stdout);
  script.print(`  ${image} ${(bytes / 1024 / 1024).toFixed(0)} MiB`);
}

/** @param cluster name of the Kind cluster */
export async function loadImage(script: Script, image: string, cluster: string) {
  const containers = await nodeContainers(script, cluster);
  if (containers.length === 0) throw noCluster(cluster);
  const stopped = containers.filter((c) => !c.running).map((c) => c.name);
  if (stopped.length)
    throw new Stop(`nodes are stopped: ${stopped.join(', ')}`, `\`npx zx scripts/recover.mjs --name ${cluster}\``);
  await script.step(
    `loading ${image} into ${plural(containers.length, 'node')} of ${cluster}`,
    () => script.sh`kind load docker-image ${image} --name ${cluster}`,
  );
}
