#!/usr/bin/env zx
/** Shows how far a release's run is: progress, rate, time left, queue, worker pods. */
import { CONTEXT, NAMESPACE, RELEASE } from './lib/args.mjs';
import { connect, listPods } from './lib/kube.mjs';
import { selectorOf } from './lib/release.mjs';
import { runScript } from './lib/steps.mjs';
import { runTtgOnRelease } from './lib/ttg.mjs';

await runScript(
  {
    name: 'status',
    about: 'Progress bar, rate, estimate of the time left, queue depths and worker pods of a run.',
    flags: {
      ...CONTEXT, ...NAMESPACE, ...RELEASE,
      'run-id': { type: 'string', value: 'ID', help: 'another run than the one the release was last deployed with' },
      watch: { type: 'number', value: 'SECONDS', help: 'again every so many seconds, until the run is finished' },
      json: { type: 'boolean', help: 'as JSON, a line each time' },
    },
    examples: ['status.mjs -n ttg --watch 2'],
  },
  async (flags, run) => {
    const where = { kube: connect(flags), namespace: flags.namespace, release: flags.release };
    const args = ['status', ...(flags.watch === undefined ? [] : ['--watch', String(flags.watch)]), ...(flags.json ? ['--json'] : [])];
    const status = await runTtgOnRelease(where, args, { signal: run.signal, runId: flags['run-id'] });
    if (flags.json) return status;
    const pods = await listPods(where.kube, where.namespace, selectorOf(where.release, 'worker'));
    /** @type {Map<string, number>} */
    const phases = new Map();
    for (const pod of pods) phases.set(pod.status?.phase ?? 'Unknown', (phases.get(pod.status?.phase ?? 'Unknown') ?? 0) + 1);
    run.print(`worker pods: ${[...phases].map(([phase, count]) => `${count} ${phase}`).join(', ') || 'none'}`);
    return status;
  },
);
