/** `ttg run FILE`: a whole run, from its file to its verdict, on this machine or on a cluster. */
import { availableParallelism } from 'node:os';
import { Argument, Command, Option } from 'commander';
import type { Broker } from '../core/broker/port.js';
import { readLedger } from '../core/ledger/ledger.js';
import { exitStatusOf, judge } from '../core/ledger/verdict.js';
import type { Config } from '../core/runtime/config.js';
import { ConfigError } from '../core/runtime/errors.js';
import { runMain, type Program } from '../core/runtime/lifecycle.js';
import { expectedOf } from '../compute/expected.js';
import { numberOf } from './command.js';
import { parseNewRunId } from './run-id.js';
import { EXIT_STATUSES } from './exit-status.js';
import { fromRepository } from './repository.js';
import { verdictText } from './text.js';

const BACKENDS = ['embedded', 'redis', 'rabbitmq'] as const;
const MOST_JOBS = 1000;
const INTERRUPTED = 130;

interface Options {
  readonly source?: string;
  readonly table?: string;
  readonly jobs: number;
  readonly backend: (typeof BACKENDS)[number];
  readonly runId?: string;
  readonly dir: string;
  readonly joblog?: string;
  readonly dryRun?: true;
  readonly retryDead?: true;
  readonly set: readonly string[];
  readonly context?: string;
  readonly namespace: string;
  readonly release?: string;
}

const EXAMPLES = `
Examples:
  $ ttg run heat.yaml --source model.py            every parameter of heat.yaml, on all cores of this machine
  $ ttg run heat.yaml --source model.py            again: what has a result is not computed again
  $ ttg run heat.yaml --source model.py --dry-run | head
  $ ttg run pi.yaml --source pi.ts -j 4 --joblog pi.tsv
  $ ttg run heat.yaml --source model.py --context kind-ttg
                                                   the same on a cluster: helm, progress and verdict

Ctrl-C lets what is running finish, loses nothing, and says how to go on; once more ends it at once.
${EXIT_STATUSES}
  130  interrupted: the same command again resumes`;

export function runCommand(): Command {
  return new Command('run')
    .description('runs a sweep from its file to its verdict, here without anything else or on a cluster; resumes it')
    .addArgument(new Argument('<file>', 'the sweep: a values file of the chart, in YAML (docs/own-computation.md)'))
    .option('--source <file>', 'what is computed: a module (bundled with its imports), or the text of {source}')
    .option('--table <file>', 'the table of parameters.table: CSV with a header, or JSON lines')
    .addOption(
      new Option('-j, --jobs <n>', 'workers at a time')
        .argParser(whole('a number of workers', MOST_JOBS))
        .default(availableParallelism(), 'the CPUs'),
    )
    .addOption(
      new Option(
        '--backend <name>',
        'the broker: embedded needs nothing; the others are started here, or are those of the environment (REDIS_HOST, RABBITMQ_HOST)',
      )
        .choices(BACKENDS)
        .default('embedded'),
    )
    .addOption(
      new Option('--run-id <id>', "the run (default: run.id of the file, else the file's name)").argParser(
        parseNewRunId,
      ),
    )
    .option('--dir <directory>', 'holds a folder for each run', 'runs')
    .option('--joblog <file>', 'a line a chunk: parameter, columns, start, duration, attempt, worker, status, error')
    .option('--dry-run', 'prints what would be run for every parameter, and runs nothing')
    .option('--retry-dead', 'gives parameters that are dead all their attempts again')
    .option('--set <key=value>', 'a value over those of the file; may be repeated', collect, [])
    .option('--context <name>', 'runs it on the cluster of this kubectl context')
    .option('-n, --namespace <name>', 'with --context: the namespace of the release', 'default')
    .option('--release <name>', "with --context: the Helm release (default: the file's name)")
    .addHelpText('after', EXAMPLES)
    .action((file: string, options: Options) => {
      const defaults = { LOG_LEVEL: 'WARNING' };
      runMain('ttg', (program) => start(program, file, options), { logTo: 2, defaults, sameSignalMs: 500 });
    });
}

const collect = (pair: string, pairs: readonly string[]): string[] => [...pairs, pair];

function whole(what: string, most: number): (text: string) => number {
  const parse = numberOf(what, 1, most);
  return (text) => Math.floor(parse(text));
}

/** What is wrong with the file is told without a log's time and level: whoever reads it wrote it. */
async function start(program: Program, file: string, options: Options): Promise<number> {
  try {
    return await runFile(program, file, options);
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    process.stderr.write(`ttg run: ${thrown.message}\n`);
    return 2;
  }
}

async function runFile(program: Program, file: string, options: Options): Promise<number> {
  const { stop, out } = program;
  const here = await fromRepository(() => import('../ops/here/index.js'), 'run');
  const prepared = await here.prepare(file, options);
  if (options.dryRun) return await here.dryRun(prepared.sweep, options.source, (text) => out.print(text), stop);
  const command = here.ownCommand(process.argv);
  const { joblog, context } = options;
  const around = {
    stop,
    stderr: process.stderr,
    conclude: (broker: Broker, config: Config) => conclude(program, broker, config, { command, context }),
  };
  if (context !== undefined) {
    const release = options.release ?? here.runIdOf(file);
    const { explainStandstill } = await import('./diagnose/standstill.js');
    const asking = { ...around, explain: explainStandstill };
    return await here.runOnCluster(prepared, { ...options, context, release, file, joblog, command }, asking);
  }
  return await here.runHere(prepared, { ...options, joblog, retryDead: options.retryDead ?? false, command }, around);
}

/** The verdict, or how to go on. */
async function conclude(
  { stop, out }: Program,
  broker: Broker,
  config: Config,
  { command, context }: { readonly command: string; readonly context: string | undefined },
): Promise<number> {
  const ledger = await readLedger(() => broker.records(), config.RUN_ID);
  if (stop.aborted && !ledger.isFinished) {
    const done = ledger.covered.count;
    const of = ledger.plan ? ` of ${ledger.plan.totalParameters}` : '';
    process.stderr.write(
      `interrupted: ${done}${of} parameters have results, and nothing is lost. ` +
        `${context === undefined ? 'To go on' : 'The run goes on there; to look on again'}:\n  ${command}\n`,
    );
    return INTERRUPTED;
  }
  const verdict = judge(ledger, expectedOf(ledger), context === undefined);
  await out.print(verdictText(verdict, []));
  return exitStatusOf(verdict, config.VERIFY_ALLOW_DEAD);
}
