/** Computations by name, each made ready for the parameters of one run: the built-in, a module, a sweep's module. */
import type { Columns } from '../core/model/value.js';
import { asError } from '../core/runtime/errors.js';
import { builtin } from './builtin.js';
import { LoadError, loadModule, type Module } from './module.js';
import { Seeds, type Random } from './random.js';
import { isSweep, type Sweeps } from './sweeps.js';
import type { Context, Log, RunContext } from './user.js';

/** A computation of which anything is known only at its parameters. */
export interface Ready {
  /** The value, or a promise of it, of the parameter with this index. */
  compute(index: number): unknown;
  /** Set where the module has something to take down. */
  readonly teardown?: () => Promise<void>;
}

export interface Surroundings {
  readonly sweeps: Sweeps;
  readonly log: Log;
  /** The signal of what is computed at the moment. */
  readonly signal: () => AbortSignal;
}

/** @throws LoadError */
export async function readyComputation(name: string, runId: string, around: Surroundings): Promise<Ready> {
  if (name === 'builtin') return builtin;
  if (!isSweep(name)) return readyModule(await loadModule(name), { runId, around, total: undefined });
  const sweep = await around.sweeps.find(name);
  const { computation, parameters } = sweep;
  if (computation.kind === 'builtin') return builtin;
  const source = around.sweeps.sourceFile(sweep, 'source.mjs');
  if (computation.kind !== 'module' || source === undefined)
    throw new LoadError(`${name} is no module`, { missing: false });
  const { total } = parameters;
  const at = parameters.columns.length > 0 ? (index: number) => parameters.at(index) : undefined;
  return readyModule(await loadModule(source), { runId, around, total, ...(at ? { at } : {}) });
}

interface Run {
  readonly runId: string;
  readonly total: number | undefined;
  readonly around: Surroundings;
  /** Left out where a parameter is its index. */
  readonly at?: (index: number) => Columns;
}

async function readyModule(module: Module, { runId, total, around, at }: Run): Promise<Ready> {
  const shared = new SharedContext(runId, total, around);
  let state: unknown;
  try {
    state = await module.setup?.(shared);
  } catch (thrown) {
    const { stack, message } = asError(thrown);
    throw new LoadError(`setup of the computation failed: ${stack ?? message}`, { missing: false, cause: thrown });
  }
  const compute = at
    ? (index: number) => module.compute(at(index), new ParameterContext(shared, index, state))
    : (index: number) => module.compute(index, new ParameterContext(shared, index, state));
  const { teardown } = module;
  return teardown ? { compute, teardown: async () => void (await teardown(state, shared)) } : { compute };
}

class SharedContext implements RunContext {
  readonly seeds: Seeds;
  readonly log: Log;
  readonly #signal: () => AbortSignal;

  constructor(
    readonly runId: string,
    readonly total: number | undefined,
    { log, signal }: Surroundings,
  ) {
    this.seeds = new Seeds(runId);
    this.log = log;
    this.#signal = signal;
  }

  get signal(): AbortSignal {
    return this.#signal();
  }
}

/** One is made for each parameter, so it holds little, and makes the rest when it is asked for. */
class ParameterContext implements Context {
  readonly #shared: SharedContext;
  #random: Random | undefined;

  constructor(
    shared: SharedContext,
    readonly index: number,
    readonly state: unknown,
  ) {
    this.#shared = shared;
  }

  get runId(): string {
    return this.#shared.runId;
  }

  get total(): number | undefined {
    return this.#shared.total;
  }

  get signal(): AbortSignal {
    return this.#shared.signal;
  }

  get log(): Log {
    return this.#shared.log;
  }

  get random(): Random {
    return (this.#random ??= this.#shared.seeds.random(this.index));
  }
}
