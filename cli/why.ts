/** `ttg why`: why a run does not move, as far as broker and log tell. `scripts/why.mjs` asks the cluster too. */
import { Command } from 'commander';
import { jsonOption, numberOf, run, runArgument, runIdOption, withRun } from './command.js';
import { answerText, exitStatus, explain } from './diagnose/explain.js';
import { aboutRun, lookTwice } from './diagnose/look.js';
import type { RunProgram } from './run-folder.js';

/** Longer than RabbitMQ's statistics lag. */
export const WATCH_SECONDS = 6;
const HOUR_SECONDS = 3600;

interface Options {
  readonly runId?: string;
  readonly seconds: number;
  readonly json?: true;
}

export function whyCommand(): Command {
  return new Command('why')
    .description(
      'says in one sentence, with a remedy, why a run does not move. Exits 0 if it is complete or moves, else 1',
    )
    .addArgument(runArgument())
    .addOption(runIdOption())
    .option(
      '--seconds <n>',
      'how long to watch for motion; a run that moves is seen sooner',
      numberOf('a number of seconds', 0, HOUR_SECONDS, true),
      WATCH_SECONDS,
    )
    .addOption(jsonOption('the answer as JSON'))
    .action((runId: string | undefined, options: Options) =>
      run(withRun(runId, options), (program) => why(program, options)),
    );
}

async function why(program: RunProgram, { seconds, json }: Options): Promise<number> {
  const broker = await lookTwice(program, { seconds });
  const answer = explain({
    ...aboutRun(program),
    command: program.command,
    now: Date.now(),
    chunkTimeoutSeconds: undefined,
    broker,
    cluster: undefined,
  });
  await program.out.print(json ? `${JSON.stringify(answer)}\n` : answerText(answer));
  return exitStatus(answer);
}
