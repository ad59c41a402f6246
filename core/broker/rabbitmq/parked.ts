/** Chunks of halted runs: out of the queue, and back into it. */
import { attemptHeaders } from './codec.js';
import { runOf } from './forget.js';
import type { Link } from './link.js';
import { takeAll } from './take-all.js';
import type { Topology } from './topology.js';

/**
 * Puts the run's parked chunks back into the queue with all their attempts. What is confirmed there and not yet
 * acknowledged here at a crash is computed twice at worst.
 * @returns how many they were
 */
export async function unpark(link: Link, topology: Topology, runId: string): Promise<number> {
  let moved = 0;
  for await (const { message, session } of takeAll(link, topology.parked)) {
    if (runOf(message.content) !== runId) continue;
    await session.send(topology.tasks, message.content, attemptHeaders(0));
    session.ack(message);
    moved++;
  }
  return moved;
}
