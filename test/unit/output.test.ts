/** The one writer of standard output, against streams that are slow, fail, or leave. */
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Output } from '../../core/runtime/output.js';

/** Takes one piece each time it is told to. */
function reluctant(): { stream: Writable; taken: string[]; take: (error?: NodeJS.ErrnoException) => Promise<void> } {
  const taken: string[] = [];
  let done: ((error?: Error | null) => void) | undefined;
  const stream = new Writable({
    emitClose: false,
    autoDestroy: false,
    decodeStrings: false,
    write(piece: string, _, callback) {
      taken.push(piece);
      done = callback;
    },
  });
  const take = async (error?: NodeJS.ErrnoException): Promise<void> => {
    done?.(error);
    await new Promise(setImmediate);
  };
  return { stream, taken, take };
}

const coded = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code });

describe('the output', () => {
  it('has written a text once the stream has taken all of it, in the order of the calls', async () => {
    const { stream, taken, take } = reluctant();
    const output = new Output(stream, 'standard output');
    const ended: string[] = [];
    void output.write('one').then(() => ended.push('one'));
    output.push('log line');
    void output.write('two').then(() => ended.push('two'));
    await new Promise(setImmediate);
    expect({ taken, ended }).toEqual({ taken: ['one'], ended: [] });
    await take();
    await take();
    expect({ taken, ended }).toEqual({ taken: ['one', 'log line', 'two'], ended: ['one'] });
    await take();
    expect(ended).toEqual(['one', 'two']);
  });

  it('is flushed once nothing waits, or when the signal aborts', async () => {
    const { stream, take } = reluctant();
    const output = new Output(stream, 'standard output');
    await output.flush();
    output.push('line');
    let flushed = false;
    const flushing = output.flush().then(() => (flushed = true));
    const patience = new AbortController();
    const impatient = output.flush(patience.signal);
    patience.abort();
    await impatient;
    expect(flushed).toBe(false);
    await take();
    await take();
    await take();
    await flushing;
  });

  it('tells who writes a record that it is lost, and who prints an answer only whether somebody reads', async () => {
    const { stream, take } = reluctant();
    const output = new Output(stream, 'standard output');
    const record = output.write('record').catch((error: Error) => error.message);
    await new Promise(setImmediate);
    await take(coded('EPIPE'));
    expect(await record).toBe('standard output does not take what is written to it: EPIPE');
    expect(output.closed).toBe(true);
    expect(await output.print('answer')).toBe(false);
    await output.flush();
  });

  it('is not closed by a disk that is full: that is an error of the answer', async () => {
    const { stream, take } = reluctant();
    const output = new Output(stream, 'standard output');
    const answer = output.print('answer').catch((error: Error) => error.message);
    await new Promise(setImmediate);
    await take(coded('ENOSPC'));
    expect(await answer).toContain('ENOSPC');
    expect(output.closed).toBe(false);
  });

  it('knows how much waits', async () => {
    const slow = new PassThrough({ highWaterMark: 1 });
    const output = new Output(slow, 'standard output');
    output.push('x'.repeat(1000));
    output.push('x'.repeat(1000));
    expect(output.waiting).toBeGreaterThanOrEqual(1000);
    slow.resume();
    await output.flush();
    expect(output.waiting).toBe(0);
  });
});
