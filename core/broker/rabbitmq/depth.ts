/** How many chunks are in which queue. */
import type { Depth } from '../port.js';
import { isMissingQueue } from './failure.js';
import type { Link } from './link.js';
import { closeChannel, openChannel } from './stream.js';
import type { Management } from './management.js';
import type { Topology } from './topology.js';

/**
 * Ready chunks are counted by a passive declare, as KEDA's amqp trigger does, in real time; leased ones lag, see
 * Management.
 */
export async function readDepth(link: Link, topology: Topology, management: Management): Promise<Depth> {
  const [ready, delayed, dead, parked, leased] = await Promise.all([
    count(link, topology.tasks),
    count(link, topology.retry),
    count(link, topology.dlq),
    count(link, topology.parked),
    management.unacknowledged(topology.tasks),
  ]);
  // Not 0: whoever asks would take chunks that are being computed for lost.
  if (leased === undefined)
    throw new Error(
      'RabbitMQ does not tell how many chunks workers hold: its management API gives no answer. Check RABBITMQ_MANAGEMENT_PORT and that the user has the tag monitoring',
    );
  return { ready, leased, stale: 0, delayed, dead, parked };
}

/** On a channel of its own, since asking for a queue that does not exist closes it. */
async function count(link: Link, queue: string): Promise<number> {
  const channel = await openChannel(await link.connection(), () => {});
  try {
    return (await channel.checkQueue(queue)).messageCount;
  } catch (error) {
    if (isMissingQueue(error)) return 0;
    throw error;
  } finally {
    await closeChannel(channel);
  }
}
