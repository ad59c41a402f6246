/**
 * A proxy whose connections can be cut without a goodbye or fall silent: to the broker, a worker that died, or one
 * that is frozen.
 */
import { startProxy } from '../../ops/local/proxy.js';

export interface Cuttable extends AsyncDisposable {
  readonly address: number | string;
  /** Cuts every connection and accepts no more. */
  cut(): void;
  /** Nothing passes any more, either way, until it is healed; connections stay open. */
  stall(): void;
  heal(): void;
}

export async function cuttableProxy(target: number | string): Promise<Cuttable> {
  const { address, cut, stall, heal, close } = await startProxy(target);
  return { address, cut, stall, heal, [Symbol.asyncDispose]: close };
}
