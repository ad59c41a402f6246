/** What runs are apart from the log: their budgets, their dead, and whether they are halted. */
import type { RunState } from '../port.js';
import type { HaltedRecord } from '../../wire/records.js';
import { encodeRecord } from '../../wire/record-codec.js';
import type { Link } from './link.js';

export async function readRunStates(link: Link): Promise<Map<string, RunState>> {
  const { states } = (await link.ask<'states'>({ op: 'states' })).header;
  // JSON leaves out what is undefined.
  const whole = ({ maxDead, dead, halted }: RunState): RunState => ({ maxDead, dead, halted });
  return new Map(Object.entries(states).map(([runId, state]) => [runId, whole(state)]));
}

export async function haltRun(link: Link, halt: Pick<HaltedRecord, 'runId' | 'reason' | 'error'>): Promise<void> {
  const { runId, reason } = halt;
  const record = encodeRecord({ kind: 'halted', ...halt, haltedAt: new Date().toISOString() });
  await link.ask<'halt'>({ op: 'halt', runId, reason, record });
}

/** @returns how many chunks came back into the queue */
export async function resumeRun(link: Link, runId: string): Promise<number> {
  const record = encodeRecord({ kind: 'resumed', runId, resumedAt: new Date().toISOString() });
  return (await link.ask<'resume'>({ op: 'resume', runId, record })).header.chunks;
}
