#!/usr/bin/env node
/** The image's files, build/image, without an image: `npm run bundle`, after a build. */
import { bundle } from '../../dist/ops/cluster/bundle.js';

for (const [file, bytes] of Object.entries(await bundle()))
  console.log(`build/image/${file} ${(bytes / 1024).toFixed(0)} KiB`);
