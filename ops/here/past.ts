/** What there is of a run already, and what is said of it before it goes on. */
import type { Broker } from '../../core/broker/port.js';
import { Ledger } from '../../core/ledger/ledger.js';
import type { PlanRecord } from '../../core/wire/records.js';

export interface Past {
  /** undefined where the run is new. */
  readonly plan: PlanRecord | undefined;
  readonly results: number;
  readonly dead: number;
  /** Parameters of the newest plan with neither result nor dead letter. */
  readonly missing: number;
  readonly isFinished: boolean;
  readonly records: number;
}

export async function readPast(broker: Pick<Broker, 'records'>, runId: string): Promise<Past> {
  const ledger = new Ledger(runId);
  let records = 0;
  for await (const entry of broker.records()) {
    ledger.add(entry);
    if ('record' in entry && entry.record.runId === runId) records++;
  }
  return {
    plan: ledger.plan,
    results: ledger.covered.count,
    dead: ledger.dead().count,
    missing: ledger.missing().reduce((sum, { start, end }) => sum + end - start + 1, 0),
    isFinished: ledger.isFinished,
    records,
  };
}

/** `heat-1 goes on: 1,200 of 3,000 have results; 3 are dead and stay so (--retry-dead computes them again); 1,797 to compute` */
export function resumeText({ plan, results, dead, isFinished }: Past, total: number, retry: boolean): string {
  const left = total - results - (retry ? 0 : dead);
  const state = [`${number(results)} of ${number(total)} have results`];
  if (dead > 0) state.push(retry ? `${number(dead)} dead ones are tried again` : deadText(dead));
  if (isFinished && left === 0) return `${plan?.runId ?? ''} is finished: ${state.join('; ')}; nothing to compute`;
  return `${plan?.runId ?? ''} goes on: ${[...state, `${number(left)} to compute`].join('; ')}`;
}

const deadText = (dead: number): string =>
  `${number(dead)} ${dead === 1 ? 'is' : 'are'} dead, and stay so (--retry-dead tries them again)`;

/** Puts the run's dead letters back into the queue. @returns how many */
export async function retryDead(broker: Broker, runId: string): Promise<number> {
  const ids: string[] = [];
  for await (const letter of broker.deadLetters()) if (letter.chunk?.runId === runId) ids.push(letter.id);
  return ids.length > 0 ? (await broker.replay(ids)).length : 0;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
