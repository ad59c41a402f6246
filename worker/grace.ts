/** How the time after SIGTERM is spent: most of it on finishing chunks, the end of it on giving back the rest. */
import { delay } from '../core/runtime/backoff.js';

/** So long before the end computing stops: that a computation cannot be interrupted shows only after a while. */
const STOP_COMPUTING_MS = 4000;
/** Until so long before the end the broker may take what is finished and what is not. The rest is for disconnecting. */
const STOP_SETTLING_MS = 2000;

export interface Grace {
  /** What is not finished by now is given back. */
  readonly computing: AbortSignal;
  /** What the broker has not answered by now stays as it is: leases lapse by themselves. */
  readonly settling: AbortSignal;
}

/** @param seconds after which the process shall have ended. Half of a short time at least is for computing */
export function graceAfter(stop: AbortSignal, seconds: number): Grace {
  const all = seconds * 1000;
  return {
    computing: after(stop, Math.max(all - STOP_COMPUTING_MS, all / 2)),
    settling: after(stop, Math.max(all - STOP_SETTLING_MS, (all * 3) / 4)),
  };
}

function after(signal: AbortSignal, ms: number): AbortSignal {
  const later = new AbortController();
  const start = (): void => void delay(ms).then(() => later.abort());
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return later.signal;
}
