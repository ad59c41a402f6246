#!/usr/bin/env zx
/** Looks into a release's dead-letter queue, replays or drops what is in it: `ttg dlq`, run from here. */
import { CONTEXT, NAMESPACE, RELEASE } from '../dist/ops/script/args.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { runScript } from '../dist/ops/script/frame.js';
import { runTtgOnRelease } from '../dist/ops/cluster/open-run.js';

await runScript(
  {
    name: 'dlq',
    about:
      'Dead letters: lists them, shows payload and stack, puts chunks back into the queue, or throws entries away.',
    flags: {
      ...CONTEXT,
      ...NAMESPACE,
      ...RELEASE,
      action: { type: 'string', choices: ['list', 'show', 'replay', 'drop'], default: 'list', help: 'what to do' },
      id: { type: 'string', value: 'ID', multiple: true, help: 'which dead letter, as in the list' },
      all: { type: 'boolean', help: 'every dead letter' },
      json: { type: 'boolean', help: 'list: one JSON object a line' },
    },
    examples: ['dlq.mjs -n ttg', 'dlq.mjs -n ttg --action replay --all'],
  },
  async (flags, script) => {
    const args = ['dlq', flags.action, ...flags.id, ...(flags.all ? ['--all'] : []), ...(flags.json ? ['--json'] : [])];
    return runTtgOnRelease(releaseOf(flags), args, { signal: script.signal });
  },
);
