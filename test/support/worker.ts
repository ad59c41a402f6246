/** A broker as one worker sees it: each delivery with the verbs that settle it, which throw what the port answers. */
import { createHash } from 'node:crypto';
import type { Broker, Delivery, ReceiveOptions, Seeding, Settlement } from '../../core/broker/port.js';
import type { Chunk } from '../../core/model/chunk.js';
import type { ChunkError } from '../../core/runtime/errors.js';
import type { PlanRecord, Result, SeededRecord } from '../../core/wire/records.js';

/** What is settled, without the delivery that it is about. */
type Verdict = Settlement extends infer S ? (S extends Settlement ? Omit<S, 'delivery'> : never) : never;

export class HeldDelivery implements Delivery {
  readonly port: Delivery;
  readonly #broker: Broker;

  constructor(port: Delivery, broker: Broker) {
    this.port = port;
    this.#broker = broker;
  }

  get chunk(): Chunk {
    return this.port.chunk;
  }

  get attempt(): number {
    return this.port.attempt;
  }

  complete(result: Result, rest?: readonly Chunk[]): Promise<void> {
    return this.#settle({ verb: 'complete', result, ...(rest ? { rest } : {}) });
  }

  retry(error: ChunkError): Promise<void> {
    return this.#settle({ verb: 'retry', error });
  }

  split(pieces: readonly Chunk[]): Promise<void> {
    return this.#settle({ verb: 'split', pieces });
  }

  deadLetter(error: ChunkError, workerId: string, attempts = this.attempt): Promise<void> {
    const stack = error.stack ?? '';
    const stackId = createHash('sha256').update(stack).digest('hex').slice(0, 12);
    return this.#settle({ verb: 'dead-letter', death: { error, workerId, attempts, stackId, stack } });
  }

  release(): Promise<void> {
    return this.#settle({ verb: 'release' });
  }

  park(): Promise<void> {
    return this.#settle({ verb: 'park' });
  }

  discard(): Promise<void> {
    return this.#settle({ verb: 'discard' });
  }

  async extendLease(): Promise<void> {
    const [error] = await this.#broker.extendLeases([this.port]);
    if (error) throw error;
  }

  async #settle(verdict: Verdict): Promise<void> {
    const [error] = await this.#broker.settle([{ delivery: this.port, ...verdict }]);
    if (error) throw error;
  }
}

/** The port, with `receive` giving deliveries that settle themselves. */
export interface Worker extends Broker {
  receive(options: ReceiveOptions): Promise<HeldDelivery[]>;
}

export function asWorker(broker: Broker): Worker {
  const own = (delivery: Delivery): Delivery => (delivery instanceof HeldDelivery ? delivery.port : delivery);
  const methods: Partial<Worker> = {
    receive: async (options) => (await broker.receive(options)).map((delivery) => new HeldDelivery(delivery, broker)),
    settle: (settlements) => broker.settle(settlements.map((each) => ({ ...each, delivery: own(each.delivery) }))),
    extendLeases: (deliveries) => broker.extendLeases(deliveries.map(own)),
  };
  return new Proxy(broker, {
    get: (target, key) => {
      const value: unknown = methods[key as keyof Worker] ?? Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  }) as Worker;
}

/** Takes the right to publish for as long as `body` runs. */
export async function seeding<T>(broker: Pick<Broker, 'seeding'>, body: (seeding: Seeding) => Promise<T>): Promise<T> {
  await using held = await broker.seeding();
  // Without this await the right would be given back before its use.
  return await body(held);
}

export function append(broker: Pick<Broker, 'seeding'>, ...records: (PlanRecord | SeededRecord)[]): Promise<void> {
  return seeding(broker, async (held) => {
    for (const record of records) await held.append(record);
  });
}
