#!/usr/bin/env zx
/** `ttg pause` on a release. */
import { CONTEXT, NAMESPACE, RELEASE } from '../dist/ops/script/args.js';
import { pauseRelease } from '../dist/ops/cluster/pause.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { runScript } from '../dist/ops/script/frame.js';

await runScript(
  {
    name: 'pause',
    about: 'KEDA starts no worker of the release any more; those that run go on, and what is queued stays queued.',
    flags: { ...CONTEXT, ...NAMESPACE, ...RELEASE },
    examples: ['pause.mjs -n ttg', 'resume.mjs -n ttg'],
  },
  async (flags, run) => {
    const { name, before } = await pauseRelease(releaseOf(flags));
    run.print(
      `ScaledJob ${name} ${before ? 'was paused before' : 'is paused'}: \`npx zx scripts/resume.mjs\` takes that back`,
    );
  },
);
