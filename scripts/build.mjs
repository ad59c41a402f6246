#!/usr/bin/env node
/** The image ttg:<version>, and into the Kind cluster with it. */
import { CLUSTER_NAME } from '../dist/ops/script/args.js';
import { buildImage, loadImage } from '../dist/ops/cluster/image.js';
import { packageVersion } from '../dist/ops/programs.js';
import { runScript } from '../dist/ops/script/frame.js';
import { Stop } from '../dist/ops/script/stop.js';
import { requireTools } from '../dist/ops/script/tools.js';

await runScript(
  {
    name: 'build',
    about: 'Compiles, bundles and builds the image; reports the sizes. Safe to repeat.',
    flags: {
      'version': { type: 'string', value: 'V', help: "the image's tag (default: the version in package.json)" },
      'tag': {
        type: 'string',
        value: 'REPOSITORY',
        default: 'ttg',
        help: "the image's repository, with registry if it is to be pushed",
      },
      'load-kind': { type: 'boolean', help: 'load the image into the Kind cluster' },
      ...CLUSTER_NAME,
    },
    examples: [
      'build.mjs --load-kind',
      'build.mjs --version 1.3.0 --load-kind --name ttg',
      'build.mjs --tag registry.example/ttg',
    ],
  },
  async ({ version, tag, 'load-kind': load, name }, script) => {
    const image = `${tag}:${version ?? (await packageVersion())}`;
    if (!/^[a-z0-9][a-z0-9._/:-]*:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(image)) {
      throw new Stop(
        `${image} is not an image name`,
        'letters, digits, dots and dashes in --version; lower case in --tag',
      );
    }
    await requireTools(script, load ? ['docker', 'kind'] : ['docker']);
    await buildImage(script, image);
    if (load) await loadImage(script, image, name);
    const other = `${version ? ` --version ${version}` : ''}${name === 'ttg' ? '' : ` --name ${name}`}`;
    script.print(
      load
        ? `Next: npx zx scripts/deploy.mjs --preset small --backend redis${other}`
        : `Next: npx zx scripts/build.mjs --load-kind${other}`,
    );
  },
);
