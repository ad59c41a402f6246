/** What only RabbitMQ's management API tells: figures that lag by its collect_statistics_interval, if it answers at all. */
import * as z from 'zod/mini';
import type { Config } from '../../runtime/config.js';
import type { Logger } from '../../runtime/logger.js';

const TIMEOUT_MS = 2000;

/** Erlang's JSON of a queue of which none of the columns is known yet is an empty list. */
const queueShape = z.pipe(
  z.transform((value) => (Array.isArray(value) ? {} : value)),
  z.object({ messages_unacknowledged: z.optional(z.number()) }),
);
const nodesShape = z.array(
  z.object({
    name: z.optional(z.string()),
    mem_used: z.optional(z.number()),
    mem_limit: z.optional(z.number()),
    mem_alarm: z.optional(z.boolean()),
    disk_free_alarm: z.optional(z.boolean()),
  }),
);

export class Management {
  readonly #config: Config;
  readonly #log: Logger;

  constructor(config: Config, log: Logger) {
    this.#config = config;
    this.#log = log;
  }

  async unacknowledged(queue: string): Promise<number | undefined> {
    const path = `queues/${encodeURIComponent(this.#config.RABBITMQ_VHOST)}/${encodeURIComponent(queue)}?columns=messages_unacknowledged`;
    const answer = await this.#get(path, queueShape, {});
    // A queue without statistics yet has delivered nothing.
    return answer && (answer.messages_unacknowledged ?? 0);
  }

  /** Of the node with the least room; in bytes. */
  async memory(): Promise<{ used: number | undefined; limit: number | undefined }> {
    const nodes = (await this.#get('nodes?columns=mem_used,mem_limit', nodesShape)) ?? [];
    const room = (node: (typeof nodes)[number]): number => (node.mem_limit ?? Infinity) - (node.mem_used ?? 0);
    const tightest = nodes.toSorted((a, b) => room(a) - room(b))[0];
    return { used: tightest?.mem_used, limit: tightest?.mem_limit };
  }

  /** Which nodes take no messages, and for want of what. */
  async alarms(): Promise<{ node: string; of: 'memory' | 'disk' }[]> {
    const nodes = (await this.#get('nodes?columns=name,mem_alarm,disk_free_alarm', nodesShape)) ?? [];
    return nodes.flatMap(({ name = '', mem_alarm: memory, disk_free_alarm: disk }) => [
      ...(memory ? [{ node: name, of: 'memory' as const }] : []),
      ...(disk ? [{ node: name, of: 'disk' as const }] : []),
    ]);
  }

  /** @param missing the answer where there is no such thing */
  async #get<T extends z.ZodMiniType>(path: string, shape: T, missing?: z.output<T>): Promise<z.output<T> | undefined> {
    const { RABBITMQ_HOST, RABBITMQ_MANAGEMENT_PORT, RABBITMQ_USER, RABBITMQ_PASSWORD } = this.#config;
    const authorization = `Basic ${Buffer.from(`${RABBITMQ_USER}:${RABBITMQ_PASSWORD}`).toString('base64')}`;
    try {
      const response = await fetch(`http://${RABBITMQ_HOST}:${RABBITMQ_MANAGEMENT_PORT}/api/${path}`, {
        headers: { authorization },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.status === 404 && missing !== undefined) return missing;
      if (!response.ok) throw new Error(`status ${response.status}`);
      return z.parse(shape, await response.json());
    } catch (error) {
      this.#log.debug({ path, reason: String(error) }, 'RabbitMQ management API gave no answer');
      return undefined;
    }
  }
}
