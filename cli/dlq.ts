/** `ttg dlq`: looks into the dead-letter queue, puts chunks back into the queue, or throws entries away. */
import { parseArgs } from 'node:util';
import type { Broker } from '../core/broker/port.js';
import { connect } from '../core/broker/connect.js';
import { deadLetterWire, type DeadLetter } from '../core/wire/dead-letter.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Context } from '../core/runtime/lifecycle.js';
import { deadLetterLine } from './text.js';

export const usage = `ttg dlq list [--json]
ttg dlq show ID… | --all          payload, error, stack, worker and time as JSON, undecodable bytes in base64
ttg dlq replay ID… | --all        back into the queue, with all attempts; a result outranks the dead letter
ttg dlq drop ID… | --all          thrown away; the log keeps saying which parameters are dead
  list and show take nothing away. Of all runs, since a queue is shared by them.`;

const ACTIONS = ['list', 'show', 'replay', 'drop'];

export async function dlq({ config, log, stop }: Context, args: string[]): Promise<number> {
  const [action = '', ...rest] = args;
  if (!ACTIONS.includes(action))
    throw new ConfigError(`ttg dlq ${action}: give one of ${ACTIONS.join(', ')}\n${usage}`);
  const { values, positionals: ids } = parseArgs({
    args: rest,
    strict: true,
    allowPositionals: true,
    options: { all: { type: 'boolean' }, json: { type: 'boolean' } },
  });
  if (action !== 'list' && ids.length > 0 === Boolean(values.all))
    throw new ConfigError(`ttg dlq ${action}: give ids as in \`ttg dlq list\`, or --all`);
  if (!config.QUEUE_MODE)
    throw new ConfigError(
      'static mode (QUEUE_MODE=false) has no dead-letter queue: a chunk that fails is in the log of its pod',
    );
  await using broker = await connect(config, log, stop);
  const letters = await collect(broker);
  if (action === 'list') {
    for (const letter of letters)
      process.stdout.write(values.json ? `${JSON.stringify(deadLetterWire(letter))}\n` : deadLetterLine(letter));
    if (letters.length === 0 && !values.json) process.stdout.write('no dead letters\n');
    return 0;
  }
  const asked = values.all ? letters.map(({ id }) => id) : ids;
  if (action === 'show') {
    const shown = letters.filter(({ id }) => asked.includes(id));
    process.stdout.write(`${JSON.stringify(shown.map(deadLetterWire), null, 2)}\n`);
    return report(
      asked,
      shown.map(({ id }) => id),
      letters,
      undefined,
    );
  }
  const done = action === 'replay' ? await broker.replay(asked) : await broker.drop(asked);
  return report(asked, done, letters, action === 'replay' ? 'replayed' : 'dropped');
}

async function collect(broker: Broker): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const letter of broker.deadLetters()) letters.push(letter);
  return letters;
}

/** Says what was done and what was not. @returns the exit status */
function report(
  asked: readonly string[],
  done: readonly string[],
  letters: readonly DeadLetter[],
  what: string | undefined,
): number {
  if (what) process.stdout.write(`${done.length} ${what}\n`);
  const left = [...new Set(asked)].filter((id) => !done.includes(id));
  for (const id of left) {
    const known = letters.find((letter) => letter.id === id);
    const why = !known
      ? 'there is no such dead letter'
      : known.chunk
        ? 'it was gone by then'
        : 'it is no chunk, and can only be dropped';
    process.stderr.write(`${id}: ${why}\n`);
  }
  return left.length > 0 ? 1 : 0;
}
