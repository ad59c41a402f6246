/**
 * Takes a run's dead letters and parked chunks away. Its records stay: from a stream nothing can be deleted but by its
 * retention. So does its state, which must say what the log says.
 */
import { decodeChunk } from '../../wire/chunk-codec.js';
import type { Forgotten } from '../port.js';
import { fromBody } from './codec.js';
import type { Link } from './link.js';
import { takeAll } from './take-all.js';
import type { Topology } from './topology.js';

export async function forgetRun(link: Link, topology: Topology, runId: string): Promise<Forgotten> {
  const parked = await throwAway(link, topology.parked, runId);
  const deadLetters = await throwAway(link, topology.dlq, runId);
  return { queued: 0, parked, deadLetters, records: 0 };
}

async function throwAway(link: Link, queue: string, runId: string): Promise<number> {
  let thrown = 0;
  for await (const { message, session } of takeAll(link, queue)) {
    if (runOf(message.content) !== runId) continue;
    session.ack(message);
    thrown++;
  }
  return thrown;
}

/** undefined for what somebody else put there. */
export function runOf(body: Buffer): string | undefined {
  try {
    return decodeChunk(fromBody(body)).runId;
  } catch {
    return undefined;
  }
}
