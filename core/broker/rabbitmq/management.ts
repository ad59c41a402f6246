/** What only RabbitMQ's management API tells: figures that lag, if it answers at all. */
import * as z from 'zod/mini';
import type { Config } from '../../runtime/config.js';
import type { Logger } from '../../runtime/logger.js';

const TIMEOUT_MS = 2000;

/** Erlang's JSON of a queue of which none of the columns is known yet is an empty list. */
const queueShape = z.pipe(
  z.transform((value) => (Array.isArray(value) ? {} : value)),
  z.object({
    messages_unacknowledged: z.optional(z.number()),
    arguments: z.optional(z.record(z.string(), z.unknown())),
  }),
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

  /**
   * The larger of two figures. Where statistics are off the queue's own one is told, as of its last
   * quorum_tick_interval (4.0; 3.10 tells nothing then). With statistics it is that of the last sample, several seconds old (5 s by default), which
   * KEDA's http trigger takes for the truth: while that counts a chunk somebody has to be there, or KEDA would start
   * another worker for it.
   */
  async unacknowledged(queue: string): Promise<number | undefined> {
    const path = this.#path(queue, 'messages_unacknowledged');
    const answers = await Promise.all([
      this.#get(`${path}&disable_stats=true&enable_queue_totals=true`, queueShape, {}),
      this.#get(path, queueShape, {}),
    ]);
    // A queue without statistics yet has delivered nothing.
    const told = answers.filter((answer) => answer !== undefined);
    return told.length === 0 ? undefined : Math.max(...told.map((answer) => answer.messages_unacknowledged ?? 0));
  }

  /** With which a queue was declared first; empty where there is none, undefined where nothing answers. */
  async arguments(queue: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const answer = await this.#get(this.#path(queue, 'arguments'), queueShape, {});
    return answer && (answer.arguments ?? {});
  }

  /** Why the broker does not let the user into its virtual host; undefined where it would, or nothing tells. */
  async vhostObstacle(): Promise<'missing' | 'forbidden' | undefined> {
    const [user, queues] = await Promise.all([
      this.#fetch('whoami').catch(() => undefined),
      this.#fetch(`queues/${encodeURIComponent(this.#config.RABBITMQ_VHOST)}?columns=name`).catch(() => undefined),
    ]);
    await Promise.all([user?.body?.cancel(), queues?.body?.cancel()]);
    // A user without any tag is refused everything here, which says nothing of the virtual host.
    if (!user?.ok) return undefined;
    if (queues?.status === 404) return 'missing';
    return queues?.status === 401 ? 'forbidden' : undefined;
  }

  /** Of the node with the least room; in bytes. */
  async memory(): Promise<{ used: number | undefined; limit: number | undefined }> {
    const nodes = (await this.#get('nodes?columns=mem_used,mem_limit', nodesShape)) ?? [];
    const room = (node: (typeof nodes)[number]): number => (node.mem_limit ?? Infinity) - (node.mem_used ?? 0);
    const tightest = nodes.toSorted((a, b) => room(a) - room(b))[0];
    return { used: tightest?.mem_used, limit: tightest?.mem_limit };
  }

  /** Which nodes take no messages, and for want of what; undefined where nothing answers. */
  async alarms(): Promise<{ node: string; of: 'memory' | 'disk' }[] | undefined> {
    const nodes = await this.#get('nodes?columns=name,mem_alarm,disk_free_alarm', nodesShape);
    return nodes?.flatMap(({ name = '', mem_alarm: memory, disk_free_alarm: disk }) => [
      ...(memory ? [{ node: name, of: 'memory' as const }] : []),
      ...(disk ? [{ node: name, of: 'disk' as const }] : []),
    ]);
  }

  #path(queue: string, column: string): string {
    return `queues/${encodeURIComponent(this.#config.RABBITMQ_VHOST)}/${encodeURIComponent(queue)}?columns=${column}`;
  }

  /** @param missing the answer where there is no such thing */
  async #get<T extends z.ZodMiniType>(path: string, shape: T, missing?: z.output<T>): Promise<z.output<T> | undefined> {
    try {
      const response = await this.#fetch(path);
      if (response.status === 404 && missing !== undefined) return missing;
      if (!response.ok) throw new Error(`status ${response.status}`);
      return z.parse(shape, await response.json());
    } catch (error) {
      this.#log.debug({ path, reason: String(error) }, 'RabbitMQ management API gave no answer');
      return undefined;
    }
  }

  #fetch(path: string): Promise<Response> {
    const { RABBITMQ_HOST, RABBITMQ_MANAGEMENT_PORT, RABBITMQ_USER, RABBITMQ_PASSWORD } = this.#config;
    const authorization = `Basic ${Buffer.from(`${RABBITMQ_USER}:${RABBITMQ_PASSWORD}`).toString('base64')}`;
    return fetch(`http://${RABBITMQ_HOST}:${RABBITMQ_MANAGEMENT_PORT}/api/${path}`, {
      headers: { authorization },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }
}
