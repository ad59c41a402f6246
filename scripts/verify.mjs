#!/usr/bin/env zx
/** Says whether every parameter of a release's run has exactly one result: `ttg verify`, run from here. */
import { asArguments, RUN } from '../dist/ops/script/args.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { runScript } from '../dist/ops/script/frame.js';
import { runTtgOnRelease } from '../dist/ops/cluster/open-run.js';

/** Those of `ttg verify`. */
const OWN = /** @type {const} */ ({
  repair: {
    type: 'boolean',
    help: 'first publish the chunks that have neither result nor dead letter and are not queued',
  },
  force: {
    type: 'boolean',
    help: 'with --repair, RabbitMQ: whatever is queued still; what is computed twice is counted once',
  },
  wait: { type: 'boolean', help: 'wait until the run is finished' },
  deadline: { type: 'number', value: 'SECONDS', help: 'how long to wait' },
  json: { type: 'boolean', help: 'the verdict as JSON' },
  certificate: { type: 'string', value: 'FILE', help: 'writes what the log says, with digests of its intervals' },
  faults: { type: 'string', value: 'FILE', help: 'JSON list of injected faults, for the certificate' },
  check: { type: 'string', value: 'FILE', help: 'whether the log still says what this certificate says' },
  values: { type: 'boolean', help: 'also read the values that lie in S3 or on a volume, by a pod made for it' },
});

await runScript(
  {
    name: 'verify',
    about: 'Reads the log of a run and exits 0 only if every parameter counts exactly once. Can be run at any time.',
    flags: { ...RUN, ...OWN },
    examples: [
      'verify.mjs -n ttg --repair --wait',
      'verify.mjs -n ttg --wait --certificate run.json',
      'verify.mjs -n ttg --check run.json',
    ],
  },
  async (flags, script) =>
    runTtgOnRelease(releaseOf(flags), ['verify', ...asArguments(OWN, flags)], {
      signal: script.signal,
      runId: flags['run-id'],
    }),
);
