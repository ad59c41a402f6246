#!/usr/bin/env zx
/** Shows how far a release's run is: progress, rate, time left, queue, worker pods. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RUN } from '../dist/ops/script/args.js';
import { listPods } from '../dist/ops/cluster/kube.js';
import { releaseOf, selectorOf } from '../dist/ops/cluster/release.js';
import { runScript } from '../dist/ops/script/frame.js';
import { askTtgOnRun, openRun } from '../dist/ops/cluster/open-run.js';
import { statusText } from '../dist/cli/text.js';

await runScript(
  {
    name: 'status',
    about: 'Progress bar, rate, estimate of the time left, queue depths and worker pods of a run.',
    flags: {
      ...RUN,
      watch: { type: 'number', value: 'SECONDS', help: 'again every so many seconds, until the run is finished' },
      json: { type: 'boolean', help: 'as JSON, a line each time' },
    },
    examples: ['status.mjs -n ttg --watch 2'],
  },
  async (flags, script) => {
    const where = releaseOf(flags);
    /** @type {{ accounted: number, at: number } | undefined} */
    let last;
    for (;;) {
      const opened = await openRun(where, flags['run-id']);
      const asked = { signal: script.signal, patient: flags.watch !== undefined };
      const status = /** @type {import('../dist/cli/text.js').Status} */ (
        await askTtgOnRun(opened, ['status', '--json'], asked).finally(opened.close)
      );
      const accounted = status.done + status.dead;
      const rate = last ? ((accounted - last.accounted) / (performance.now() - last.at)) * 1000 : status.rate;
      const now = { ...status, rate, etaSeconds: rate ? (status.total - accounted) / rate : null };
      const pods = countPhases(await listPods(where.kube, where.namespace, selectorOf(where.release, 'worker')));
      const shown =
        Object.entries(pods)
          .map(([phase, count]) => `${count} ${phase}`)
          .join(', ') || 'none';
      script.print(
        flags.json ? JSON.stringify({ ...now, pods }) : `${statusText(now).trimEnd()}  worker pods: ${shown}`,
      );
      last = { accounted, at: performance.now() };
      if (flags.watch === undefined || (status.total > 0 && accounted >= status.total)) return 0;
      await sleep(flags.watch * 1000, undefined, { signal: script.signal });
    }
  },
);

/**
 * @param {import('@kubernetes/client-node').V1Pod[]} pods
 * @returns {Record<string, number>}
 */
function countPhases(pods) {
  /** @type {Record<string, number>} */
  const phases = {};
  for (const pod of pods) phases[pod.status?.phase ?? 'Unknown'] = (phases[pod.status?.phase ?? 'Unknown'] ?? 0) + 1;
  return phases;
}
