/** The image: compiled, bundled, built, measured, and loaded into a Kind cluster. */
import { ROOT } from '../programs.js';
import type { Run } from '../script/frame.js';
import { messageOf, Stop } from '../script/stop.js';
import { nodeContainers, noCluster } from './kind.js';

/** @param image repository:version */
export async function buildImage(run: Run, image: string) {
  await run.step('compiling', () => run.sh({ cwd: ROOT })`npm run --silent build`);
  const sizes = await run.step('bundling', async () => {
    try {
      const { bundle } = await import('./bundle.js');
      return await bundle();
    } catch (thrown) {
      throw new Stop(messageOf(thrown), 'a missing package: `npm ci`; otherwise correct the source named above');
    }
  });
  for (const [file, bytes] of Object.entries(sizes))
    run.print(`  build/image/${file.padEnd(20)} ${(bytes / 1024).toFixed(0).padStart(6)} KiB`);
  await run.step(`building ${image}`, async () => {
    try {
      await run.sh({ cwd: ROOT })`docker build --tag ${image} .`;
    } catch (thrown) {
      run.signal.throwIfAborted();
      throw new Stop(
        messageOf(thrown),
        'the base image is pulled from Docker Hub: without access, `docker load` node:24-bookworm-slim first',
      );
    }
  });
  const bytes = Number((await run.sh`docker image inspect --format ${'{{.Size}}'} ${image}`).stdout);
  run.print(`  ${image} ${(bytes / 1024 / 1024).toFixed(0)} MiB`);
}

/** @param cluster name of the Kind cluster */
export async function loadImage(run: Run, image: string, cluster: string) {
  const containers = await nodeContainers(run, cluster);
  if (containers.length === 0) throw noCluster(cluster);
  const stopped = containers.filter((c) => !c.running).map((c) => c.name);
  if (stopped.length)
    throw new Stop(`nodes are stopped: ${stopped.join(', ')}`, `\`npx zx scripts/recover.mjs --name ${cluster}\``);
  await run.step(
    `loading ${image} into the ${containers.length} nodes of ${cluster}`,
    () => run.sh`kind load docker-image ${image} --name ${cluster}`,
  );
}
