import { describe, expect, it } from 'vitest';
import { encodeCommand, ReplyError, ReplyParser } from '../../core/redis/resp.js';

/** Everything that the bytes say, when they arrive cut at these places. */
function parse(bytes: Buffer, cuts: readonly number[] = [], binary = false): unknown[] {
  const replies: unknown[] = [];
  const parser = new ReplyParser((reply) => replies.push(reply), () => binary);
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    parser.push(Buffer.from(bytes.subarray(from, to)));
    from = to;
  }
  return replies;
}

const ENTRIES = '*2\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\na\r\n$4\r\nwörd\r\n*2\r\n$3\r\n2-0\r\n*0\r\n'.replace('$4', '$5');

describe('the protocol of Redis', () => {
  it.each([
    ['status', '+OK\r\n', 'OK'],
    ['number', ':-1203\r\n', -1203],
    ['text', '$5\r\na\r\nb\r\r\n', 'a\r\nb\r'],
    ['empty text', '$0\r\n\r\n', ''],
    ['nothing', '$-1\r\n', null],
    ['no array', '*-1\r\n', null],
    ['empty array', '*0\r\n', []],
    ['nested arrays', ENTRIES, [['1-0', ['a', 'wörd']], ['2-0', []]]],
  ])('reads %s', (_, text, value) => {
    expect(parse(Buffer.from(text))).toEqual([value]);
  });

  it('reads what Redis refused as an error that is handed over, not thrown', () => {
    const [error] = parse(Buffer.from('-NOGROUP No such key\r\n'));
    expect(error).toBeInstanceOf(ReplyError);
    expect((error as Error).message).toBe('NOGROUP No such key');
  });

  it('gives the same replies wherever the packets are cut', () => {
    const bytes = Buffer.from(`${ENTRIES}:12\r\n$300\r\n${'x'.repeat(300)}\r\n-ERR no\r\n${ENTRIES}`);
    const whole = parse(bytes);
    expect(whole).toHaveLength(5);
    for (let cut = 1; cut < bytes.length; cut++) expect(parse(bytes, [cut])).toEqual(whole);
    expect(parse(bytes, Array.from({ length: bytes.length - 1 }, (_, i) => i + 1))).toEqual(whole);
  });

  it('leaves bytes that are no text as they are where bytes are wanted', () => {
    const bytes = Buffer.from([0x00, 0xff, 0x0d, 0x0a, 0xc3]);
    const [reply] = parse(Buffer.concat([Buffer.from('*1\r\n$5\r\n'), bytes, Buffer.from('\r\n')]), [9], true);
    expect(reply).toEqual([bytes]);
  });

  it('refuses bytes that are not its protocol', () => {
    expect(() => parse(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toThrow(/not its protocol/);
  });

  it('counts the length of arguments in bytes', () => {
    expect(encodeCommand(['SET', 'k', 12])).toEqual({ text: '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n12\r\n', ascii: true });
    expect(encodeCommand(['SET', 'ö€'])).toEqual({ text: '*2\r\n$3\r\nSET\r\n$5\r\nö€\r\n', ascii: false });
  });
});
