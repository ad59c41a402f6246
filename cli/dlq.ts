/** `ttg dlq`: looks into the dead-letter queue, puts chunks back into the queue, or throws entries away. */
import { Command } from 'commander';
import type { Broker } from '../core/broker/port.js';
import { connect } from '../core/broker/connect.js';
import { deadLetterWire, type DeadLetter } from '../core/wire/dead-letter.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Program } from '../core/runtime/lifecycle.js';
import type { Output } from '../core/runtime/output.js';
import { jsonOption, run, runIdOption } from './command.js';
import { noSuchRun } from './run-folder.js';
import { deadLetterLine } from './text.js';

interface Options {
  readonly runId?: string;
  readonly json?: true;
  readonly all?: true;
}

/** @param asked ids; those of all that are listed where that was asked for */
type Action = (
  broker: Broker,
  letters: readonly DeadLetter[],
  asked: readonly string[],
  out: Output,
) => Promise<number>;

export function dlqCommand(): Command {
  const dlq = new Command('dlq').description(
    'looks into the dead-letter queue, which all runs of a broker share; puts chunks back, or throws entries away',
  );
  dlq.addCommand(
    new Command('list')
      .description('one line an entry; takes nothing away')
      .addOption(runIdOption().default(undefined, 'all runs'))
      .addOption(jsonOption('as JSON, one line an entry'))
      .action((options: Options) => run(options, (program) => list(program, options))),
  );
  const onIds = (name: string, description: string, action: Action): Command =>
    new Command(name)
      .description(description)
      .argument('[id...]', 'as `ttg dlq list` shows them')
      .option('--all', 'all entries')
      .addOption(runIdOption().default(undefined, 'all runs'))
      .action((ids: string[], options: Options, command: Command) => {
        if (ids.length > 0 === Boolean(options.all))
          command.error('error: give ids as `ttg dlq list` shows them, or --all');
        run(options, (program) => onAsked(program, ids, options, action));
      });
  return dlq
    .addCommand(onIds('show', 'payload, error, stack, worker and time as JSON; undecodable bytes in base64', show))
    .addCommand(
      onIds('replay', 'back into the queue, with all attempts; a result outranks the dead letter', (broker, ...rest) =>
        change((ids) => broker.replay(ids), 'replayed', ...rest),
      ),
    )
    .addCommand(
      onIds('drop', 'thrown away; the log keeps saying which parameters are dead', (broker, ...rest) =>
        change((ids) => broker.drop(ids), 'dropped', ...rest),
      ),
    );
}

async function list(program: Program, { runId, json }: Options): Promise<number> {
  await using broker = await open(program);
  const letters = await collect(broker, runId === undefined ? undefined : program.config.RUN_ID);
  for (const letter of letters) {
    const isRead = await program.out.print(
      json ? `${JSON.stringify(deadLetterWire(letter))}\n` : deadLetterLine(letter),
    );
    if (!isRead) return 0;
  }
  if (letters.length === 0 && !json) await program.out.print('no dead letters\n');
  return 0;
}

async function onAsked(program: Program, ids: string[], { runId, all }: Options, action: Action): Promise<number> {
  await using broker = await open(program);
  const letters = await collect(broker, runId === undefined ? undefined : program.config.RUN_ID);
  // Without this await the broker would be disposed of before it is asked.
  return await action(broker, letters, all ? letters.map(({ id }) => id) : ids, program.out);
}

function open({ config, log, stop }: Program): Promise<Broker> {
  if (config.QUEUE_MODE) return connect(config, log, stop);
  throw new ConfigError(
    `${noSuchRun(config.RUN_ID)}. Static mode (QUEUE_MODE=false) has no dead-letter queue: a chunk that fails is in ` +
      'the log of its pod',
  );
}

/** @param runId what is no chunk belongs to no run */
async function collect(broker: Broker, runId: string | undefined): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const letter of broker.deadLetters())
    if (runId === undefined || letter.chunk?.runId === runId) letters.push(letter);
  return letters;
}

const show: Action = async (broker, letters, asked, out) => {
  const wanted = new Set(asked);
  const shown = await withStacks(
    broker,
    letters.filter(({ id }) => wanted.has(id)),
  );
  await out.print(`${JSON.stringify(shown.map(deadLetterWire), null, 2)}\n`);
  return report(
    asked,
    shown.map(({ id }) => id),
    letters,
  );
};

/** Equal stacks are stored once, in the log: with the first parameter that died of them. */
async function withStacks(broker: Broker, letters: readonly DeadLetter[]): Promise<DeadLetter[]> {
  const lacks = (letter: DeadLetter): boolean =>
    letter.chunk !== undefined && letter.stackId !== '' && letter.stack === '';
  if (!letters.some(lacks)) return [...letters];
  const stacks = new Map<string, string>();
  for await (const entry of broker.records())
    if ('record' in entry && entry.record.kind === 'dead' && entry.record.stack !== '')
      stacks.set(entry.record.stackId, entry.record.stack);
  return letters.map((letter) =>
    lacks(letter) && letter.chunk ? { ...letter, stack: stacks.get(letter.stackId) ?? '' } : letter,
  );
}

async function change(
  settle: (ids: readonly string[]) => Promise<string[]>,
  done: string,
  letters: readonly DeadLetter[],
  asked: readonly string[],
  out: Output,
): Promise<number> {
  const ids = await settle(asked);
  await out.print(`${ids.length} ${done}\n`);
  return report(asked, ids, letters);
}

/** Says what was not done, and why. @returns the exit status */
function report(asked: readonly string[], done: readonly string[], letters: readonly DeadLetter[]): number {
  const settled = new Set(done);
  const left = [...new Set(asked)].filter((id) => !settled.has(id));
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
