/** Tries a computation before anything is published: is it there, does it load, does it give values? */
import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import type { Computed, Failure } from './executor.js';
import { packTasks, unpackOutcomes } from './pack.js';
import type { FromThread, ThreadOptions } from './protocol.js';

export type Probe =
  | { readonly ok: true; /** Nothing was said against it, but it was slower than the limit. */ readonly slow: boolean }
  | {
      readonly ok: false;
      readonly reason: string;
      /** false: it could not even be loaded. */ readonly loaded: boolean;
    };

/**
 * Loads the computation on a thread of its own and computes a few parameters. A single parameter may be bad, which is
 * what dead letters are for: only where all of them fail something is wrong with the computation.
 * @param computation as in a plan
 * @param limitMs what is slower is not refused
 */
export async function probeComputation(
  computation: string,
  parameters: readonly number[],
  limitMs: number,
  signal: AbortSignal,
): Promise<Probe> {
  const options: ThreadOptions = {
    simulateWorkMs: 0,
    simulateFaultRate: 0,
    progressEvery: Number.MAX_SAFE_INTEGER,
    current: new SharedArrayBuffer(8),
  };
  const thread = new Worker(new URL('./thread.js', import.meta.url), { workerData: options });
  const tasks = parameters.map((start, index) => ({ index, start, end: start, computation, keepValues: false }));
  const outcomes: ({ readonly computed: Computed } | { readonly failure: Failure })[] = [];
  try {
    const ended = await new Promise<'done' | 'slow' | Error>((resolve) => {
      const timer = setTimeout(() => resolve('slow'), limitMs);
      signal.addEventListener('abort', () => resolve('slow'), { once: true });
      thread.on('message', (message: FromThread) => {
        if (message.kind !== 'outcomes') return;
        outcomes.push(...unpackOutcomes(message.outcomes));
        if (!message.done) return;
        clearTimeout(timer);
        resolve('done');
      });
      thread.on('error', (error) => resolve(error));
      thread.on('exit', () => resolve(new Error('it ended its thread')));
      thread.postMessage(packTasks(tasks));
    });
    if (ended instanceof Error) return { ok: false, loaded: false, reason: `${computation}: ${ended.message}` };
    const failures = outcomes.flatMap((outcome) => ('failure' in outcome ? [outcome.failure] : []));
    const broken = failures.find(({ blame }) => blame !== 'parameter');
    if (broken) return { ok: false, loaded: false, reason: `${broken.message}${placeOf(computation)}` };
    const first = failures[0];
    if (first && failures.length === parameters.length) {
      return {
        ok: false,
        loaded: true,
        reason: `computation ${computation} failed for every parameter that was tried (${parameters.join(', ')}): ${first.stack || first.message}`,
      };
    }
    return { ok: true, slow: ended === 'slow' };
  } finally {
    await thread.terminate();
  }
}

/** Node tells file and line of a syntax error only to those who check the file by itself. */
function placeOf(computation: string): string {
  if (!computation.startsWith('/')) return '';
  const { status, stderr } = spawnSync(process.execPath, ['--check', computation], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  const place = status === 0 ? '' : stderr.split('\n').slice(0, 3).join('\n').trim();
  return place ? `\n${place}` : '';
}
