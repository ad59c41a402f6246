/** The answer of `ttg why` for whoever follows a run on a cluster: only where the run is stuck. */
import type { Where } from '../../ops/cluster/release.js';
import { observe } from './collect.js';
import { answerText, explain } from './explain.js';

const WATCH_SECONDS = 5;

export async function explainStandstill(where: Where, runId: string, signal: AbortSignal): Promise<string | undefined> {
  const answer = explain(await observe(where, { seconds: WATCH_SECONDS, runId, flags: '', signal }));
  return answer.state === 'stuck' ? answerText(answer).trimEnd() : undefined;
}
