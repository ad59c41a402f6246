/**
 * A TCP proxy whose connections can be cut without a goodbye or fall silent: to the broker, a worker that died, or one
 * that is frozen.
 */
import { startProxy } from '../../ops/local/proxy.js';

export interface Cuttable extends AsyncDisposable {
  readonly port: number;
  /** Cuts every connection and accepts no more. */
  cut(): void;
  /** Nothing passes any more, either way, until it is healed; connections stay open. */
  stall(): void;
  heal(): void;
}

export async function cuttableProxy(targetPort: number): Promise<Cuttable> {
  const { port, cut, stall, heal, close } = await startProxy(targetPort);
  return { port, cut, stall, heal, [Symbol.asyncDispose]: close };
}
