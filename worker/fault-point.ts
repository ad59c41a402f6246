/**
 * Fault injection: the worker dies by SIGKILL when the chunk TTG_FAULT_CHUNK, at its first attempt, reaches the point
 * TTG_FAULT_POINT. Off unless both are set. It wraps the port, so that loop and settling know nothing of it.
 */
import type { Broker, Delivery, Hooks } from '../core/broker/port.js';
import type { Config } from '../core/runtime/config.js';
import type { Logger } from '../core/runtime/logger.js';
import { overriding } from './overriding.js';

export interface FaultPoint {
  /** For `connect`. */
  readonly hooks: Hooks;
  wrap(broker: Broker): Broker;
}

/** @param die ends the process at once: no more code of it runs */
export function faultPoint(config: Config, log: Logger, die: () => void = killSelf): FaultPoint {
  const { TTG_FAULT_POINT: point, TTG_FAULT_CHUNK: chunkId } = config;
  if (!point || !chunkId) return { hooks: {}, wrap: (broker) => broker };
  log.warn({ point, chunk_id: chunkId }, 'fault injection is on: this worker dies at that chunk');
  // The hook is not told the attempt: it speaks of the delivery that is being completed.
  let completing: Delivery | undefined;
  const isIt = (delivery: Delivery | undefined): boolean =>
    delivery?.chunk.chunkId === chunkId && delivery.attempt === 1;
  const reached = (delivery: Delivery | undefined): void => {
    if (isIt(delivery)) die();
  };

  return {
    hooks:
      point !== 'before-ack'
        ? {}
        : { recorded: (chunk) => reached(chunk.chunkId === chunkId ? completing : undefined) },
    wrap: (broker) =>
      overriding(broker, {
        receive: async (options) => {
          const deliveries = await broker.receive(options);
          if (point === 'before-compute') deliveries.forEach(reached);
          return deliveries;
        },
        settle: (settlements) => {
          const completion = settlements.find(({ verb, delivery }) => verb === 'complete' && isIt(delivery));
          if (completion) {
            if (point === 'before-record') reached(completion.delivery);
            completing = completion.delivery;
          }
          return broker.settle(settlements);
        },
      }),
  };
}

/** A signal to oneself is delivered before the call returns. */
function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
}
