/** `ttg status`: how far the run is, how fast it goes and what is queued. */
import { parseArgs } from 'node:util';
import { delay } from '../core/runtime/backoff.js';
import { ConfigError } from '../core/runtime/errors.js';
import { readLedger } from '../core/ledger/ledger.js';
import type { Context } from '../core/runtime/lifecycle.js';
import { makeReport, progressOf } from '../core/ledger/report.js';
import { openSource, type Source } from './source.js';
import { statusText, type Status } from './text.js';

export const usage = `ttg status [--watch SECONDS] [--logs DIRECTORY] [--json]
  --watch   again every so many seconds, until the run is finished`;

export async function status(context: Context, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    strict: true,
    options: { watch: { type: 'string' }, logs: { type: 'string' }, json: { type: 'boolean' } },
  });
  const every = values.watch === undefined ? undefined : Number(values.watch);
  if (every !== undefined && !(every > 0))
    throw new ConfigError(`--watch ${values.watch}: give a number of seconds above 0`);
  await using source = await openSource(context, values.logs);
  let last: { done: number; at: number } | undefined;
  for (;;) {
    const now = await look(source, context.config.RUN_ID, last);
    last = { done: now.done + now.dead, at: performance.now() };
    process.stdout.write(values.json ? `${JSON.stringify(now)}\n` : statusText(now));
    const finished = now.total > 0 && now.done + now.dead >= now.total;
    if (every === undefined || finished || context.stop.aborted) return 0;
    await delay(every * 1000, context.stop);
  }
}

async function look(source: Source, runId: string, last: { done: number; at: number } | undefined): Promise<Status> {
  const ledger = await readLedger(() => source.records(), runId);
  const progress = progressOf(ledger);
  const accounted = progress.done + progress.dead;
  const rate = last
    ? (accounted - last.done) / ((performance.now() - last.at) / 1000)
    : makeReport(ledger).parametersPerSecond;
  return {
    runId,
    ...progress,
    rate,
    etaSeconds: rate ? (progress.total - accounted) / rate : null,
    depth: await source.depth(),
  };
}
