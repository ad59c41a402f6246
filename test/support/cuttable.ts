/** A TCP proxy whose connections can be cut without a goodbye: to the broker, a worker that died. */
import { startProxy } from '../../scripts/lib/proxy.mjs';

export interface Cuttable extends AsyncDisposable {
  readonly port: number;
  /** Cuts every connection and accepts no more. */
  cut(): void;
}

export async function cuttableProxy(targetPort: number): Promise<Cuttable> {
  const { port, cut, close } = await startProxy(targetPort);
  return { port, cut, [Symbol.asyncDispose]: close };
}
