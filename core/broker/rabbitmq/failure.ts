/** What amqplib's errors and events mean here, by AMQP's reply codes. */
import type { EventEmitter } from 'node:events';
import { asError, BrokerAway, ConfigError } from '../../runtime/errors.js';

/** The channel or its connection is gone; whether the last publish arrived is unknown. Decision: connect again. */
export class ConnectionLost extends BrokerAway {
  override readonly name = 'ConnectionLost';
}

/** The broker refused to take a message for now. Decision: publish it again. */
export class Nacked extends Error {
  override readonly name = 'Nacked';
}

/** The broker will never take this message: it is larger than its max_message_size. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/** AMQP's reply codes that say more than that something is gone. */
const CONNECTION_FORCED = 320;
export const ACCESS_REFUSED = 403;
export const NOT_FOUND = 404;
export const RESOURCE_LOCKED = 405;
export const PRECONDITION_FAILED = 406;
export const INTERNAL_ERROR = 541;

/** AMQP reply code of an error, if it carries one. */
export function codeOf(error: unknown): number | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** 404 also stands for a queue whose process is not up yet; only this text says that there is none. */
export function isMissingQueue(error: unknown): boolean {
  return codeOf(error) === NOT_FOUND && error instanceof Error && error.message.includes('no queue ');
}

export function missingQueue(queue: string, cause?: unknown): Error {
  return new Error(
    `RabbitMQ has no queue ${queue}: it was deleted, or the seeder has not made it yet; deploy the seeder again`,
    { cause },
  );
}

/** Without a listener an 'error' event ends the process; the failed call and the 'close' event tell the same story. */
export function quietly<T extends EventEmitter>(emitter: T): T {
  return emitter.on('error', () => {});
}

const REMEDIES: Readonly<Record<number, string>> = {
  [CONNECTION_FORCED]: 'Somebody closed the connections of RabbitMQ, or stopped it',
  // Large messages travel on channels of their own, so what is left is the time that a chunk was held.
  [PRECONDITION_FAILED]:
    'RabbitMQ takes back what a worker holds for longer than its consumer_timeout: raise that in rabbitmq.conf above ' +
    'CHUNK_TIMEOUT_SECONDS (chart: worker.chunkTimeoutSeconds), upgrade RabbitMQ to 3.12 or later, where TTG switches it off ' +
    'for its queue, or make smaller chunks (CHUNK_SIZE; chart: run.chunkSize)',
};

/**
 * What the broker said when it closed a channel that holds chunks, or its connection, with the setting that is to
 * blame.
 * @param error of the 'error' or 'close' event; undefined where the other end vanished without a word
 */
export function reasonText(error: unknown): string {
  if (error === undefined) return 'the connection ended without a word';
  const remedy = REMEDIES[codeOf(error) ?? 0];
  return asError(error).message + (remedy ? `. ${remedy}` : '');
}

export type Right = 'configure' | 'write' | 'read';

/**
 * A missing right, which no waiting brings; undefined for anything else. RabbitMQ before 3.12 does not say which right
 * it is, so the caller names what it asked for.
 * @param resource a queue, or an exchange
 */
export function refusal(error: unknown, right: Right, resource: string): ConfigError | undefined {
  if (codeOf(error) !== ACCESS_REFUSED) return undefined;
  return new ConfigError(
    `RabbitMQ refuses the user the right to ${right} ${resource} (${asError(error).message}): give it configure, write and read ` +
      'on the queues of QUEUE_PREFIX, and write and read on the exchange amq.default (rabbitmqctl set_permissions)',
    { cause: error },
  );
}
