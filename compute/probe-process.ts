/**
 * A process of its own in which a computation is tried: whatever it does there, the seeder lives. Told by its parent
 * what to try.
 */
import { UnfitValue, valueText } from '../core/model/value-text.js';
import { asError } from '../core/runtime/errors.js';
import { readyComputation } from './computations.js';
import { LoadError } from './module.js';
import type { Trial, TrialRequest } from './probe.js';
import { Sweeps } from './sweeps.js';
import { threadLog } from './thread-log.js';

process.on('message', (request: TrialRequest) => void answer(request));

async function answer(request: TrialRequest): Promise<void> {
  const trial = await attempt(request);
  process.send?.(trial, () => process.exit(0));
}

async function attempt({ computation, runId, sweepFile, parameter }: TrialRequest): Promise<Trial> {
  const sweeps = new Sweeps(sweepFile);
  process.on('exit', () => sweeps[Symbol.dispose]());
  const { signal } = new AbortController();
  try {
    const around = { sweeps, log: threadLog(() => undefined), signal: () => signal };
    const ready = await readyComputation(computation, runId, around);
    const value: unknown = await ready.compute(parameter);
    return { ended: 'ok', bytes: Buffer.byteLength(valueText(value, `compute(${parameter})`)) };
  } catch (thrown) {
    const error = asError(thrown);
    if (error instanceof LoadError) return { ended: 'unloadable', reason: error.message };
    if (error instanceof UnfitValue) return { ended: 'failed', reason: error.message };
    return { ended: 'failed', reason: error.stack ?? error.message };
  }
}
