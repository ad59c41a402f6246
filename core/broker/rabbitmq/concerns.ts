/** What of RabbitMQ's settings endangers the promise, as far as the broker tells. */
import type { ChannelModel } from 'amqplib';
import type { Config } from '../../runtime/config.js';
import type { Concern } from '../port.js';
import type { Management } from './management.js';

/** Unless it is set, RabbitMQ takes back what is held for so long. */
const CONSUMER_TIMEOUT_SECONDS = 1800;
/** What a chunk may wait for its turn behind others that its worker holds. */
const WAIT_SECONDS = 120;

const MIB = 1 << 20;

/** By default; the broker does not tell what is set. A record is kept below it, with room for its envelope. */
export function maxRecordBytes(connection: ChannelModel): number {
  return (majorOf(connection) >= 4 ? 16 * MIB : 128 * MIB) - MIB;
}

export async function readConcerns(config: Config, management: Management): Promise<Concern[]> {
  const concerns: Concern[] = [];
  if (config.CHUNK_TIMEOUT_SECONDS + WAIT_SECONDS > CONSUMER_TIMEOUT_SECONDS) {
    concerns.push({
      fatal: false,
      message:
        `CHUNK_TIMEOUT_SECONDS=${config.CHUNK_TIMEOUT_SECONDS} is longer than RabbitMQ lets a worker hold a chunk unless its consumer_timeout is raised ` +
        `(${CONSUMER_TIMEOUT_SECONDS} s by default; the broker does not tell its value): set consumer_timeout in rabbitmq.conf above it. The chart's broker has it`,
    });
  }
  for (const alarm of await management.alarms()) {
    concerns.push({
      fatal: false,
      message: `RabbitMQ node ${alarm.node} has raised its ${alarm.of} alarm and takes no messages until there is room: raise its limit or free some`,
    });
  }
  return concerns;
}

function majorOf(connection: ChannelModel): number {
  return Number.parseInt(String(connection.connection.serverProperties['version']), 10);
}
