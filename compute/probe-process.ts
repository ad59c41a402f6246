/**
 * A process of its own in which a computation is tried: whatever it does there, the seeder lives. Told by its parent
 * what to try.
 */
import { asError } from '../core/runtime/errors.js';
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
    if (typeof value === 'number' && Number.isFinite(value)) return { ended: 'ok' };
    return { ended: 'failed', reason: `compute(${parameter}) gave ${String(value)}: a value must be a finite number` };
  } catch (thrown) {
    const error = asError(thrown);
    if (error instanceof LoadError) return { ended: 'unloadable', reason: error.message };
    return { ended: 'failed', reason: error.stack ?? error.message };
  }
}
