#!/usr/bin/env zx
/** `ttg rm` on a run of a release. */
import { CONTEXT, NAMESPACE, RELEASE } from '../dist/ops/script/args.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { confirm, runScript } from '../dist/ops/script/frame.js';
import { Stop } from '../dist/ops/script/stop.js';
import { runTtgOnRelease } from '../dist/ops/cluster/open-run.js';

await runScript(
  {
    name: 'rm',
    about:
      'Frees the broker of a run that is finished or cancelled: its records, dead letters, parked chunks and state.\n' +
      'Values that lie in S3 or on a volume stay.',
    flags: {
      ...CONTEXT,
      ...NAMESPACE,
      ...RELEASE,
      'run-id': { type: 'string', value: 'ID', help: 'the run' },
      'force': { type: 'boolean', help: 'without asking' },
    },
    positional: 'run-id',
    examples: ['rm.mjs -n ttg run-1'],
  },
  async (flags, script) => {
    const { 'run-id': runId } = flags;
    if (runId === undefined) throw new Stop('no run is named', 'give its id: `npx zx scripts/runs.mjs` lists them');
    await confirm(
      script,
      `Remove run ${runId} of release ${flags.release} from its broker, results and all?`,
      flags.force,
    );
    // From here ttg reaches neither a volume nor a store's keys: it would count objects as deleted that stay.
    return runTtgOnRelease(releaseOf(flags), ['rm', runId, '--yes', '--keep-values'], { signal: script.signal });
  },
);
