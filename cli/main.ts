#!/usr/bin/env node
/** `ttg`: one file a verb. Broker and run come from the environment, as for every other program of TTG. */
import { runMain, type Context } from '../core/runtime/lifecycle.js';
import { dlq, usage as dlqUsage } from './dlq.js';
import { results, usage as resultsUsage } from './results.js';
import { status, usage as statusUsage } from './status.js';
import { usage as verifyUsage, verify } from './verify.js';
import { usage as whyUsage, why } from './why.js';

const VERBS: Record<string, (context: Context, args: string[]) => Promise<number>> = {
  verify,
  status,
  results,
  dlq,
  why,
};
const USAGE = [verifyUsage, statusUsage, resultsUsage, dlqUsage, whyUsage].join('\n');

// Whoever reads our answer may have read enough: `ttg results --csv | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const [verb = '', ...args] = process.argv.slice(2);
const run = VERBS[verb];
if (!run) {
  const asked = verb === '' || verb === '--help' || verb === 'help';
  (asked ? process.stdout : process.stderr).write(`${asked ? '' : `ttg: there is no verb "${verb}"\n`}${USAGE}\n`);
  process.exitCode = asked && verb !== '' ? 0 : 2;
} else {
  runMain('ttg', (context) => run(context, args), 2);
}
