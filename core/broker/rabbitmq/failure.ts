/** What amqplib's errors and events mean here. */
import type { EventEmitter } from 'node:events';

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
