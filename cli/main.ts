#!/usr/bin/env node
/** `ttg`: one file a verb, each of which makes its own command. A further verb is a line in VERBS. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../core/runtime/version.js';
import { standard } from '../core/runtime/output.js';
import { bundleCommand } from './bundle.js';
import { cancelCommand, resumeCommand } from './cancel.js';
import { completionCommand } from './completion.js';
import { diffCommand } from './diff.js';
import { dlqCommand } from './dlq.js';
import { EXIT_STATUSES } from './exit-status.js';
import { pauseCommand } from './pause.js';
import { planCommand } from './plan.js';
import { resultsCommand } from './results.js';
import { rmCommand } from './rm.js';
import { runCommand } from './run.js';
import { runsCommand } from './runs.js';
import { statusCommand } from './status.js';
import { verifyCommand } from './verify.js';
import { whyCommand } from './why.js';

const VERBS = [
  runCommand,
  planCommand,
  bundleCommand,
  runsCommand,
  verifyCommand,
  statusCommand,
  resultsCommand,
  diffCommand,
  whyCommand,
  dlqCommand,
  cancelCommand,
  pauseCommand,
  resumeCommand,
  rmCommand,
];

const program = new Command('ttg')
  .description(
    'Looks into the runs of TTG, and ends or resumes them. Broker and run come from the environment, as for every other program of TTG: ' +
      'RUN_ID, QUEUE_MODE, QUEUE_BACKEND, REDIS_HOST, RABBITMQ_HOST and so on.',
  )
  .version(VERSION)
  .addHelpText('after', EXIT_STATUSES);
for (const make of VERBS) program.addCommand(make());
program.addCommand(completionCommand(program));
settle(program, 'ttg');

// Help, too, may be read by somebody who leaves early.
standard(1);
try {
  program.parse();
} catch (thrown) {
  if (!(thrown instanceof CommanderError)) throw thrown;
  // The process is left to end by itself: standard output may still wait for its reader.
  process.exitCode = thrown.exitCode === 0 ? 0 : 2;
}

/** Commander's own way out is process.exit with status 1, and settings do not reach commands that were made apart. */
function settle(command: Command, path: string): void {
  command.exitOverride().showHelpAfterError(`See \`${path} --help\`.`);
  for (const each of command.commands) settle(each, `${path} ${each.name()}`);
}
