/**
 * A process of its own in which a computation is tried: whatever it does there, the seeder lives. Told by its parent
 * what to try.
 */
import { asError } from '../core/runtime/errors.js';
import { UnfitValue, valueText } from '../core/model/value-text.js';
import { LoadError, loadComputation } from './module.js';
import type { Trial, TrialRequest } from './probe.js';

process.on('message', (request: TrialRequest) => void answer(request));

async function answer({ computation, parameter }: TrialRequest): Promise<void> {
  const trial = await attempt(computation, parameter);
  process.send?.(trial, () => process.exit(0));
}

async function attempt(name: string, parameter: number): Promise<Trial> {
  try {
    const computation = await loadComputation(name);
    const value: unknown = await computation.compute(parameter);
    return { ended: 'ok', bytes: Buffer.byteLength(valueText(value, `compute(${parameter})`)) };
  } catch (thrown) {
    const error = asError(thrown);
    if (error instanceof LoadError) return { ended: 'unloadable', reason: error.message };
    if (error instanceof UnfitValue) return { ended: 'failed', reason: error.message };
    return { ended: 'failed', reason: error.stack ?? error.message };
  }
}
