/** The trial of a program, as the seeder does it before it publishes anything. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { isProgram, probeComputation, type Probe } from '../../../compute/probe.js';
import { readSweep } from '../../../core/sweep/read.js';
import { configOf, temporaryDirectory } from '../support.js';
import { PATH } from './support.js';

const log = pino({ level: 'silent' });
const script = (text: string): string[] => ['/bin/sh', '-c', text];

async function probe(command: string[], protocol = 'process', limitMs = 20_000): Promise<Probe> {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'sweep-test.json');
  writeFileSync(file, JSON.stringify({ parameters: { range: 10 }, computation: { command, protocol } }));
  const { id } = await readSweep(file);
  const config = configOf({ SWEEP_FILE: file, PATH });
  expect(await isProgram(id, config)).toBe(true);
  return await probeComputation(id, [0, 5, 9], limitMs, new AbortController().signal, { runId: 'r', config, log });
}

describe('the trial of a program', { timeout: 60_000 }, () => {
  it('finds nothing wrong with one that gives values', async () => {
    expect(await probe(script('echo 3.25'))).toEqual({ ok: true, slow: false, valueBytes: 4 });
  });

  it('tries one of lines likewise', async () => {
    // Braces are doubled: single ones are placeholders.
    const command = script(
      'while read -r line; do i=${{line#*:}}; echo "{{\\"index\\":${{i%%,*}},\\"value\\":1}}"; done',
    );
    expect(await probe(command, 'lines')).toEqual({ ok: true, slow: false, valueBytes: 1 });
  });

  it.each(['process', 'lines'])('refuses one that cannot start (%s), with the reason', async (protocol) => {
    expect(await probe(['no-such-program'], protocol)).toMatchObject({
      ok: false,
      loaded: false,
      reason: expect.stringMatching(/program no-such-program cannot start: it is not in PATH/) as string,
    });
  });

  it('refuses one that fails for all that are tried, with what it says', async () => {
    expect(await probe(script('echo "line 1" >&2; echo "no licence" >&2; exit 2'))).toMatchObject({
      ok: false,
      reason: expect.stringMatching(
        /failed for every parameter that was tried \(0, 5, 9\): \/bin\/sh ended with status 2: no licence\nline 1/,
      ) as string,
    });
  });

  it('takes a single bad parameter for what it is', async () => {
    expect(await probe(script('[ "$TTG_INDEX" = 0 ] && exit 1; echo 1'))).toMatchObject({ ok: true, slow: false });
  });

  it('does not refuse what is slow, and does not wait for it', async () => {
    expect(await probe(script('sleep 600'), 'process', 300)).toEqual({ ok: true, slow: true, valueBytes: undefined });
  });
});
