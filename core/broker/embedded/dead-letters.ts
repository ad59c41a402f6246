/** The dead letters: listed, put back into the queue, or thrown away. */
import type { DeadLetter } from '../../wire/dead-letter.js';
import { decodeChunk } from '../../wire/chunk-codec.js';
import { deathOf, linesOf, type Line } from './lines.js';
import type { Link } from './link.js';

export async function* listDeadLetters(link: Link): AsyncGenerator<DeadLetter> {
  for (let after = 0, more = true; more;) {
    const { header, body } = await link.ask<'letters'>({ op: 'letters', after });
    let place = 0;
    for (const line of linesOf(body, 0)) {
      after = header.letters[place++] as number;
      yield toDeadLetter(String(after), line);
    }
    more = header.more;
  }
}

/** Not asked twice: an answer that is lost leaves unknown what was done. */
export async function changeDeadLetters(
  link: Link,
  op: 'replay' | 'drop',
  letters: readonly string[],
): Promise<string[]> {
  const session = await link.session();
  const { header } = await link.untilGivenUp(session.ask<'replay' | 'drop'>({ op, letters }));
  return [...header.done];
}

function toDeadLetter(id: string, { kind, payload }: Line): DeadLetter {
  if (kind === 'u') {
    const text = payload.toString('utf8', payload.indexOf(32) + 1);
    const { raw, error, failed_at: failedAt } = JSON.parse(text) as { raw: string; error: string; failed_at: string };
    return { id, error, failedAt, chunk: undefined, raw: Buffer.from(raw, 'base64') };
  }
  const { chunk, letter } = deathOf(payload);
  const { attempts, error, stack_id: stackId, stack, worker_id: workerId, failed_at: failedAt } = letter;
  return { id, error, failedAt, chunk: decodeChunk(chunk), attempts, stackId, stack, workerId };
}
