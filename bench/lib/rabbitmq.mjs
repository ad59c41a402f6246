/** The one RabbitMQ that TTG and its peers are measured on. */
import { startBroker } from '../../dist/ops/local/broker.js';

export async function startRabbitmq() {
  const broker = await startBroker('rabbitmq', { provider: 'path', log: () => {} });
  const api = `http://${broker.host}:${broker.managementPort}/api/nodes`;
  const authorization = `Basic ${Buffer.from(`${broker.user}:${broker.password}`).toString('base64')}`;
  let prefixes = 0;
  return {
    broker,
    url: `amqp://${broker.user}:${broker.password}@${broker.host}:${broker.port}`,
    /** Queues of its own for each run: what an earlier one left behind is not measured with it. */
    fresh: () => ({ QUEUE_PREFIX: `bench${prefixes++}` }),
    /** Bytes of the whole node, as it counts them itself. */
    async memory() {
      const [node] = /** @type {{ mem_used: number }[]} */ (
        await (await fetch(api, { headers: { authorization } })).json()
      );
      return node?.mem_used ?? NaN;
    },
    stop: () => broker.stop(),
  };
}

/** @typedef {Awaited<ReturnType<typeof startRabbitmq>>} BenchRabbitmq */
