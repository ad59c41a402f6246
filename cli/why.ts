/** `ttg why`: why a run does not move, as far as broker and log tell. `scripts/why.mjs` asks the cluster too. */
import { parseArgs } from 'node:util';
import { ConfigError } from '../core/runtime/errors.js';
import type { Context } from '../core/runtime/lifecycle.js';
import { answerText, exitStatus, explain } from './diagnose/explain.js';
import { aboutRun, lookTwice } from './diagnose/look.js';

/** Longer than RabbitMQ's statistics lag. */
export const WATCH_SECONDS = 6;

export const usage = `ttg why [--seconds N] [--json]
  One sentence with a remedy for a run that does not move. Exits 0 if it is complete or moves, 1 if not.
  --seconds  how long to watch for motion (default: ${WATCH_SECONDS})`;

export async function why(context: Context, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    strict: true,
    options: { seconds: { type: 'string' }, json: { type: 'boolean' } },
  });
  const seconds = Number(values.seconds ?? WATCH_SECONDS);
  if (!(seconds > 0 && seconds <= 3600))
    throw new ConfigError(`--seconds ${values.seconds}: give a number above 0 and up to 3600`);
  const broker = await lookTwice(context, { seconds });
  const answer = explain({
    ...aboutRun(context),
    now: Date.now(),
    chunkTimeoutSeconds: undefined,
    broker,
    cluster: undefined,
  });
  process.stdout.write(values.json ? `${JSON.stringify(answer)}\n` : answerText(answer));
  return exitStatus(answer);
}
