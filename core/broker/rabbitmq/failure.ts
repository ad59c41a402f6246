/** What amqplib's errors and events mean here. */
import type { EventEmitter } from 'node:events';
import { asError, ConfigError } from '../../runtime/errors.js';

/** The channel or its connection is gone; whether the last publish arrived is unknown. Decision: connect again. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** The broker refused to take a message for now. Decision: publish it again. */
export class Nacked extends Error {
  override readonly name = 'Nacked';
}

/** AMQP reply code of an error (404 no such queue, 405 locked, 406 other arguments), if it carries one. */
export function codeOf(error: unknown): number | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** 404 also stands for a queue whose process is not up yet; only this text says that there is none. */
export function isMissingQueue(error: unknown): boolean {
  return codeOf(error) === 404 && error instanceof Error && error.message.includes('no queue ');
}

/** Without a listener an 'error' event ends the process; the failed call and the 'close' event tell the same story. */
export function quietly<T extends EventEmitter>(emitter: T): T {
  return emitter.on('error', () => {});
}

/** AMQP's reply codes that say more than that something is gone. */
const ACCESS_REFUSED = 403;
const PRECONDITION_FAILED = 406;

/**
 * What the broker said when it closed a channel or a connection, with the setting where one is to blame.
 * @param error of the 'error' or 'close' event; undefined where the other end vanished without a word
 */
export function reasonText(error: unknown): string {
  if (error === undefined) return 'the connection ended without a word';
  const { message } = asError(error);
  // The code stands for several limits, and only the text tells which.
  if (codeOf(error) === PRECONDITION_FAILED && message.includes('delivery acknowledgement')) {
    return (
      `${message}. The broker takes back what is held for longer than its consumer_timeout: raise that in rabbitmq.conf above ` +
      'CHUNK_TIMEOUT_SECONDS (chart: worker.chunkTimeoutSeconds), or make smaller chunks'
    );
  }
  if (codeOf(error) === PRECONDITION_FAILED && message.includes('max size')) {
    return `${message}. Raise max_message_size in rabbitmq.conf, make smaller chunks (CHUNK_SIZE), or keep no values (KEEP_VALUES)`;
  }
  return message;
}

/** A missing right, which no waiting brings; undefined for anything else. */
export function refusal(error: unknown): ConfigError | undefined {
  if (codeOf(error) !== ACCESS_REFUSED) return undefined;
  return new ConfigError(
    `RabbitMQ refuses the user a right that TTG needs (${asError(error).message}): give it configure, write and read on ` +
      'the queues of QUEUE_PREFIX and on the default exchange (rabbitmqctl set_permissions)',
    { cause: error },
  );
}
