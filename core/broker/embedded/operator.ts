/** What an operator does to the coordinator's queue and log past the port: for faults, tests and clean-up. */
import type { Config } from '../../runtime/config.js';
import type { Logger } from '../../runtime/logger.js';
import { Link } from './link.js';
import type { Answers, Question } from './protocol.js';

export interface Operator {
  /** Bytes as another program would put them there. */
  put(into: 'queue' | 'log', bytes: Buffer): Promise<void>;
  pending(): Promise<Answers['pending']['pending']>;
  /** Empties the queue. @returns how many chunks were in it */
  purge(): Promise<number>;
  /** Deletes the log and all that follows from it. */
  remove(): Promise<void>;
  close(): void;
}

export async function openOperator(config: Config, log: Logger, signal: AbortSignal): Promise<Operator> {
  const link = new Link(config, log);
  await link.open(signal);
  const ask = async (question: Question, body?: Buffer): Promise<object> => (await link.ask(question, body)).header;
  return {
    put: async (into, bytes) => void (await ask({ op: 'put', into }, bytes)),
    pending: async () => ((await ask({ op: 'pending' })) as Answers['pending']).pending,
    purge: async () => ((await ask({ op: 'purge' })) as Answers['purge']).chunks,
    remove: async () => void (await ask({ op: 'remove' })),
    close: () => link.close(),
  };
}
