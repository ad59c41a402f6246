/** What runs are apart from the log: their budgets, their dead, and whether they are halted. */
import type { RunState } from '../port.js';
import { ProtocolError } from '../../runtime/errors.js';
import type { HaltedRecord, HaltReason } from '../../wire/records.js';
import { decodeRecord, encodeRecord } from '../../wire/record-codec.js';
import { toFields } from './codec.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import type { Scripts } from './scripts.js';

/** Redis does nothing else meanwhile: so many parked chunks are looked at in one step. */
const PAGE = 500;

export async function readRunStates(link: Link, keys: Keys): Promise<Map<string, RunState>> {
  const [plans, dead, halted] = await link.run((redis) =>
    Promise.all([redis.hgetall(keys.metadata), redis.hgetall(keys.dead), redis.hgetall(keys.halted)]),
  );
  const runs = new Set([...Object.keys(plans), ...Object.keys(dead), ...Object.keys(halted)]);
  return new Map(
    [...runs].map((runId) => [
      runId,
      { maxDead: budgetOf(plans[runId]), dead: Math.max(0, Number(dead[runId] ?? 0)), halted: reasonOf(halted[runId]) },
    ]),
  );
}

export async function haltRun(
  link: Link,
  keys: Keys,
  scripts: Scripts,
  halt: Pick<HaltedRecord, 'runId' | 'reason' | 'error'>,
): Promise<void> {
  const { runId, reason } = halt;
  const record = encodeRecord({ kind: 'halted', ...halt, haltedAt: new Date().toISOString() });
  await link.run((redis) => scripts.halt.run(redis, [keys.halted, keys.log], [runId, reason, ...toFields(record)]));
}

/** @returns how many chunks came back into the queue */
export async function resumeRun(link: Link, keys: Keys, scripts: Scripts, runId: string): Promise<number> {
  const record = encodeRecord({ kind: 'resumed', runId, resumedAt: new Date().toISOString() });
  await link.run((redis) => scripts.halt.run(redis, [keys.halted, keys.log], [runId, '', ...toFields(record)]));
  let moved = 0;
  for (let after = ''; ;) {
    const page = await link.run((redis) => scripts.unpark.run(redis, [keys.parked, keys.tasks], [runId, after, PAGE]));
    const [count, next] = page as [number, string];
    moved += count;
    if (next === '') return moved;
    after = next;
  }
}

/** Read as the log is: a plan from before there were budgets has the default one. What is no plan says nothing. */
function budgetOf(plan: string | undefined): number | undefined {
  try {
    const record = plan === undefined ? undefined : decodeRecord(JSON.parse(plan));
    return record?.kind === 'plan' ? record.maxDead : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function reasonOf(text: string | undefined): HaltReason | undefined {
  return text === 'cancelled' || text === 'failures' ? text : undefined;
}
