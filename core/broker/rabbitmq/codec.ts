/** What a task message carries outside its body: how often it was started, and why it failed. */
import type { Message } from 'amqplib';
import type { Wire } from '../../wire/records.js';
import type { Death } from '../port.js';

/** Executions that ended before this copy was published. */
const ATTEMPTS = 'x-ttg-attempts';
const ERROR = 'x-ttg-error';
const STACK = 'x-ttg-stack';
const STACK_ID = 'x-ttg-stack-id';
const WORKER = 'x-ttg-worker';
const TIME = 'x-ttg-time';
/**
 * Set by quorum queues: returns to the queue since this copy was published, that is, deaths of a worker that held it.
 */
const DELIVERY_COUNT = 'x-delivery-count';

/** amqplib encodes all headers of a message into 64 KiB: two such texts fit, of three bytes a character. */
const LONGEST_TEXT = 8192;

export type Headers = Record<string, unknown>;

/** x-death stays out of it: dead-lettering of the retry queue counts there, and it would count twice. */
export function attemptOf(message: Message): number {
  const headers: Headers = message.properties.headers ?? {};
  return 1 + natural(headers[ATTEMPTS]) + natural(headers[DELIVERY_COUNT]);
}

export function attemptHeaders(attempts: number): Headers {
  return { [ATTEMPTS]: attempts };
}

/** A text that fits into a header, and into a record whatever it says. */
export function shortened(text: string): string {
  return text.slice(0, LONGEST_TEXT);
}

export function errorHeaders(error: Error, time: string): Headers {
  return { [ERROR]: shortened(error.message), [TIME]: time };
}

export function deathHeaders({ error, workerId, attempts, stackId, stack }: Death, time: string): Headers {
  return {
    ...attemptHeaders(attempts),
    ...errorHeaders(error, time),
    [STACK_ID]: stackId,
    [STACK]: shortened(stack),
    [WORKER]: workerId,
  };
}

/** What the headers of a dead letter say; one that the broker moved itself has only its own. */
export function failureOf(message: Message): {
  error: string;
  stackId: string;
  stack: string;
  workerId: string;
  failedAt: string;
  attempts: number;
} {
  const headers: Headers = message.properties.headers ?? {};
  const text = (name: string): string => (typeof headers[name] === 'string' ? headers[name] : '');
  const byBroker = text('x-first-death-reason');
  return {
    error: text(ERROR) || (byBroker && `RabbitMQ moved it here itself: ${byBroker}`),
    stackId: text(STACK_ID),
    stack: text(STACK),
    workerId: text(WORKER),
    failedAt: text(TIME),
    attempts: natural(headers[ATTEMPTS]),
  };
}

export function toBody(wire: Wire): Buffer {
  return Buffer.from(JSON.stringify(wire));
}

/** @throws SyntaxError when the body is not JSON */
export function fromBody(body: Buffer): unknown {
  return JSON.parse(body.toString('utf8'));
}

function natural(value: unknown): number {
  const n = typeof value === 'bigint' ? Number(value) : value;
  return typeof n === 'number' && Number.isSafeInteger(n) && n > 0 ? n : 0;
}
