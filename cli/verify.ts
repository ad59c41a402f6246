/**
 * `ttg verify`: reads the log, waits for the run to finish if asked to, and says whether every parameter counts once.
 */
import { Command, Option } from 'commander';
import type { Program } from '../core/runtime/lifecycle.js';
import { readLedger } from '../core/ledger/ledger.js';
import { describeIntervals } from '../core/model/interval.js';
import { shard } from '../core/model/plan.js';
import { exitStatusOf, judge, type Verdict } from '../core/ledger/verdict.js';
import { expectedOf } from '../compute/expected.js';
import { checkFile, readAccountOf, readCertificate, readFaults, writeCertificate } from './certify.js';
import { jsonOption, logsOption, numberOf, run, runArgument, runIdOption, withRun } from './command.js';
import { runsHere } from '../core/runtime/config.js';
import { EXIT_STATUSES } from './exit-status.js';
import { repairRun } from './repair.js';
import { inRunFolder } from './run-folder.js';
import { openSource } from './source.js';
import { verdictText } from './text.js';
import { checkedText, checkedValues, elsewhereText } from './values.js';
import { untilFinished } from './wait.js';

interface Options {
  readonly runId?: string;
  readonly repair?: true;
  readonly force?: true;
  readonly wait?: true;
  readonly deadline?: number;
  readonly logs?: string;
  readonly json?: true;
  readonly certificate?: string;
  readonly faults?: string;
  readonly check?: string;
  readonly values?: true;
}

/** Node's timers hold 2^31 − 1 ms. */
const MOST_SECONDS = 2_147_483;

export function verifyCommand(): Command {
  return new Command('verify')
    .description('says whether every parameter of the run counts exactly once')
    .addArgument(runArgument())
    .addOption(runIdOption())
    .option(
      '--repair',
      'first publish the chunks that have neither result nor dead letter and are not queued, by the plan in the log. ' +
        'A broker that cannot list its queue (RabbitMQ) must have had an empty one for 12 s, or --force be given',
    )
    .option('--force', 'with --repair: whatever is queued still. What is computed twice is counted once')
    .option('--wait', 'wait until the run is finished')
    .option(
      '--deadline <seconds>',
      'the longest that --wait waits (default: VERIFY_DEADLINE_SECONDS)',
      numberOf('a number of seconds', 0, MOST_SECONDS),
    )
    .addOption(logsOption())
    .addOption(jsonOption('the verdict as JSON'))
    .option('--certificate <file>', 'write what the log says of the run, with digests of its intervals')
    .option('--faults <file>', 'for the certificate: a JSON list of the faults that were injected')
    .addOption(
      new Option(
        '--check <file>',
        'only compare the log with such a certificate: 0 if it still says the same, else 1 and the parameters that ' +
          'differ',
      ).conflicts(['certificate', 'repair', 'runId', 'wait', 'values']),
    )
    .option(
      '--values',
      'also read every object that holds values outside of the log (RESULTS_STORE=s3 or directory), and say which ' +
        'are lost or damaged: 1 if any is',
    )
    .addHelpText('after', EXIT_STATUSES)
    .action((runId: string | undefined, options: Options, command: Command) => {
      if (runId !== undefined && options.check !== undefined)
        command.error("error: option '--check <file>' says itself which run it is about: leave the run out");
      if (options.force && !options.repair) command.error("error: option '--force' belongs to '--repair'");
      if (options.faults !== undefined && options.certificate === undefined)
        command.error("error: option '--faults <file>' belongs to '--certificate <file>'");
      const { check } = options;
      if (check === undefined) run(withRun(runId, options), (program) => verify(program, options));
      else run({ everyRun: true }, (program) => verifyCertified(program, check, options));
    });
}

/** Of the run that the certificate names, wherever that is. */
async function verifyCertified(program: Program, file: string, options: Options): Promise<number> {
  const { runId } = readCertificate(file).plan;
  const ofRun = { ...program, config: { ...program.config, RUN_ID: runId } };
  return await inRunFolder(ofRun, (opened) => verify(opened, options));
}

async function verify(program: Program, options: Options): Promise<number> {
  const { config, out } = program;
  // Before anything is waited for: a file that cannot be read is told at once.
  const injected = options.faults === undefined ? [] : readFaults(options.faults);
  await using source = await openSource(program, options.logs);
  // Without this await the source would be disposed of before it is read.
  if (options.check !== undefined) return await checkFile(source, options.check, options.json ?? false, out);
  if (options.repair) await repairRun(source, program, options.force ?? false);
  // The deadline counts from the start of the process: waiting for the broker is part of it.
  const seconds = (options.deadline ?? config.VERIFY_DEADLINE_SECONDS) - performance.now() / 1000;
  if (options.wait) await untilFinished(source, program, Math.max(0, seconds));
  // Verdict and certificate judge from one and the same account.
  const account = options.certificate === undefined ? undefined : await readAccountOf(source, config);
  const ledger = account?.ledger ?? (await readLedger(() => source.records(), config.RUN_ID));
  const expected = expectedOf(ledger);
  const verdict = judge(ledger, expected, runsHere(config));
  const missingShards =
    source.shards === undefined ? [] : shardsWithGaps(verdict, config.TOTAL_PARAMETERS, source.shards);
  if (account && options.certificate !== undefined)
    writeCertificate(options.certificate, account, { source, config, injected, expected });
  const values = options.values ? await checkedValues(source, program) : undefined;
  const shown = { ...verdict, missingShards, ...(values ? { values } : {}) };
  const note = values ? checkedText(values) : elsewhereText(ledger);
  await out.print(
    options.json ? `${JSON.stringify(shown, null, 2)}\n` : `${verdictText(verdict, missingShards)}${note}`,
  );
  return exitStatusOf(verdict, config.VERIFY_ALLOW_DEAD) || (values && values.lost.length > 0 ? 1 : 0);
}

/** Static mode: which indexes of the Job lack records, because a pod died or its log is gone. */
function shardsWithGaps(verdict: Verdict, totalParameters: number, workers: number): string[] {
  return Array.from({ length: workers }, (_, index) => ({
    index,
    share: shard(totalParameters, workers, index),
  })).flatMap(({ index, share }) => {
    const gaps = verdict.missing.filter((gap) => share && gap.start <= share.end && gap.end >= share.start);
    if (!share || gaps.length === 0) return [];
    const whole = gaps.some((gap) => gap.start <= share.start && gap.end >= share.end);
    return [
      `index ${index} (${describeIntervals([share])}): ` +
        `${whole ? 'no record: the pod did not run, or its log is lost' : 'its log is incomplete: cut short or rotated'}`,
    ];
  });
}
