/** `ttg verify`: reads the log, waits for the run to finish if asked to, and says whether every parameter counts once. */
import { parseArgs } from 'node:util';
import { ConfigError } from '../core/runtime/errors.js';
import type { Context } from '../core/runtime/lifecycle.js';
import { readLedger } from '../core/ledger/ledger.js';
import { shard } from '../core/model/plan.js';
import { exitStatusOf, judge, type Verdict } from '../core/ledger/verdict.js';
import { expectedOf } from '../compute/expected.js';
import { checkFile, writeCertificate } from './certify.js';
import { repairRun } from './repair.js';
import { openSource } from './source.js';
import { verdictText } from './text.js';
import { untilFinished } from './wait.js';

export const usage = `ttg verify [--repair [--force]] [--wait] [--deadline SECONDS] [--logs DIRECTORY] [--json] [--certificate FILE [--faults FILE]]
ttg verify --check FILE [--logs DIRECTORY] [--json]
  Exits 0 if every parameter of the run has exactly one result or one dead letter, 1 if not.
  --repair    first publishes the chunks that have neither result nor dead letter and are not queued, by the plan in the log.
              RabbitMQ cannot list its queue: there only once it stayed empty for 12 s, or with --force (computed twice, counted once)
  --wait      until the run is finished, at most --deadline (default: VERIFY_DEADLINE_SECONDS)
  --logs      read static mode's records from files with the pods' logs instead of the broker
  --certificate  writes what the log says of the run, with digests of its intervals; --faults: a JSON list of what was injected
  --check     exits 0 if the log still says what such a certificate says, and names the parameters where it does not`;

export async function verify(context: Context, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    strict: true,
    options: {
      wait: { type: 'boolean' },
      deadline: { type: 'string' },
      logs: { type: 'string' },
      json: { type: 'boolean' },
      repair: { type: 'boolean' },
      force: { type: 'boolean' },
      certificate: { type: 'string' },
      faults: { type: 'string' },
      check: { type: 'string' },
    },
  });
  const { config } = context;
  const deadline = Number(values.deadline ?? config.VERIFY_DEADLINE_SECONDS);
  if (!(deadline >= 0 && deadline <= 2_147_483))
    throw new ConfigError(`--deadline ${values.deadline}: give a number of seconds from 0 to 2147483`);
  if (values.check !== undefined && values.certificate !== undefined)
    throw new ConfigError('--check and --certificate: give one of them');
  if (values.check !== undefined && values.repair)
    throw new ConfigError(
      '--check and --repair: give one of them, a repaired run has records that no certificate knows',
    );
  if (values.force && !values.repair) throw new ConfigError('--force belongs to --repair');
  await using source = await openSource(context, values.logs);
  // Without this await the source would be disposed of before it is read.
  if (values.check !== undefined) return await checkFile(source, values.check, values.json ?? false);
  if (values.repair) await repairRun(source, context, values.force ?? false);
  // The deadline counts from the start of the process: waiting for the broker is part of it.
  if (values.wait) await untilFinished(source, context, Math.max(0, deadline - performance.now() / 1000));
  const ledger = await readLedger(() => source.records(), config.RUN_ID);
  const verdict = judge(ledger, expectedOf(ledger));
  const missingShards =
    source.shards === undefined ? [] : shardsWithGaps(verdict, config.TOTAL_PARAMETERS, source.shards);
  if (values.json) process.stdout.write(`${JSON.stringify({ ...verdict, missingShards }, null, 2)}\n`);
  else process.stdout.write(verdictText(verdict, missingShards));
  if (values.certificate !== undefined)
    await writeCertificate(source, config, { certificate: values.certificate, faults: values.faults }, expectedOf);
  return exitStatusOf(verdict, config.VERIFY_ALLOW_DEAD);
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
      `index ${index} (${share.start}–${share.end}): ${whole ? 'no record: the pod did not run, or its log is lost' : 'its log is incomplete: cut short or rotated'}`,
    ];
  });
}
