/** `ttg status`: how far the run is, how fast it goes and what is queued. */
import { Command } from 'commander';
import { delay } from '../core/runtime/backoff.js';
import { asError } from '../core/runtime/errors.js';
import { readLedger } from '../core/ledger/ledger.js';
import { haltText, judge } from '../core/ledger/verdict.js';
import type { Logger } from '../core/runtime/logger.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { makeReport, progressOf } from '../core/ledger/report.js';
import { jsonOption, logsOption, numberOf, run, runArgument, runIdOption, withRun } from './command.js';
import { openSource, type Source } from './source.js';
import { statusText, type Status } from './text.js';

interface Options {
  readonly runId?: string;
  readonly watch?: number;
  readonly logs?: string;
  readonly json?: true;
}

const DAY_SECONDS = 86_400;

export function statusCommand(): Command {
  return new Command('status')
    .description('shows how far the run is, how fast it goes and what is queued')
    .addArgument(runArgument())
    .addOption(runIdOption())
    .option(
      '--watch <seconds>',
      'again every so many seconds, until the run is finished or halted',
      numberOf('a number of seconds', 0, DAY_SECONDS, true),
    )
    .addOption(logsOption())
    .addOption(jsonOption('as JSON, one line each time'))
    .action((runId: string | undefined, options: Options) =>
      run(withRun(runId, options), (program) => status(program, options)),
    );
}

async function status(program: Program, { watch, logs, json }: Options): Promise<number> {
  const { config, log, stop, out } = program;
  await using source = await openSource(program, logs);
  let last: { done: number; at: number } | undefined;
  for (;;) {
    const now = await look(source, config.RUN_ID, log, last);
    last = { done: now.done + now.dead, at: performance.now() };
    const isRead = await out.print(json ? `${JSON.stringify(now)}\n` : statusText(now));
    const finished = now.halted !== null || (now.total > 0 && now.done + now.dead >= now.total);
    if (watch === undefined || finished || stop.aborted || !isRead) return 0;
    await delay(watch * 1000, stop);
  }
}

async function look(
  source: Source,
  runId: string,
  log: Logger,
  last: { done: number; at: number } | undefined,
): Promise<Status> {
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
    halted: haltText(judge(ledger)) ?? null,
    // How far the run is, the log tells alone.
    depth: await source.depth().catch((thrown: unknown) => {
      log.warn({ reason: asError(thrown).message }, 'the broker does not tell what is queued');
      return undefined;
    }),
  };
}
