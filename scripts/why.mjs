#!/usr/bin/env zx
/** Says in one sentence why a release's run does not move, and what to do: from cluster, KEDA, broker and log. */
import { RUN } from '../dist/ops/script/args.js';
import { releaseOf } from '../dist/ops/cluster/release.js';
import { observe } from '../dist/cli/diagnose/collect.js';
import { runScript } from '../dist/ops/script/frame.js';
import { apiMessage, Stop } from '../dist/ops/script/stop.js';
import { answerText, exitStatus, explain } from '../dist/cli/diagnose/explain.js';
import { WATCH_SECONDS } from '../dist/cli/why.js';

await runScript(
  {
    name: 'why',
    about:
      'One sentence with a remedy for a run that does not move. Exits 0 if the run is complete or moves, 1 if not.',
    flags: {
      ...RUN,
      seconds: {
        type: 'number',
        value: 'N',
        default: WATCH_SECONDS,
        help: 'how long to watch for motion; a run that moves is seen sooner',
      },
      json: { type: 'boolean', help: 'the answer as JSON' },
    },
    examples: ['why.mjs -n ttg', 'why.mjs --context production -n sweeps --release nightly'],
  },
  async (flags, script) => {
    const where = releaseOf(flags);
    const options = { seconds: flags.seconds, runId: flags['run-id'], flags: pointing(flags), signal: script.signal };
    const seen = await observe(where, options).catch((thrown) => {
      script.signal.throwIfAborted();
      if (thrown instanceof Stop) throw thrown;
      throw new Stop(
        `the cluster cannot be asked: ${apiMessage(thrown)}`,
        `see \`kubectl --context ${where.kube.context} get nodes\`; a Kind cluster that was stopped: \`npx zx scripts/recover.mjs\``,
      );
    });
    const answer = explain(seen);
    script.print(flags.json ? JSON.stringify(answer) : answerText(answer).trimEnd());
    return exitStatus(answer);
  },
);

/**
 * The flags that lead another script to the same release. @param {{ context?: string | undefined, name: string,
 * namespace: string, release: string }} flags
 */
function pointing({ context, name, namespace, release }) {
  const words = [
    ...(context ? [`--context ${context}`] : name === 'ttg' ? [] : [`--name ${name}`]),
    ...(namespace === 'default' ? [] : [`--namespace ${namespace}`]),
    ...(release === 'ttg' ? [] : [`--release ${release}`]),
  ];
  return words.map((word) => ` ${word}`).join('');
}
