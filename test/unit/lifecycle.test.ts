import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dist, runNode, temporaryDirectory, type Ended, type RunOptions } from './support.js';

const worker = dist('worker/main.js');
const ttg = dist('cli/main.js');

/** Runs an entry whose body is given as source. */
function runBody(body: string, options: RunOptions = {}): Promise<Ended> {
  const source = `
    import { runMain } from ${JSON.stringify(dist('core/runtime/lifecycle.js'))};
    import { ConfigError } from ${JSON.stringify(dist('core/runtime/errors.js'))};
    runMain('probe', async ({ config, log, stop }) => { ${body} });`;
  return runNode(['--input-type=module', '--eval', source], options);
}

/** Waits for the stop signal; the timer keeps the process alive. */
const UNTIL_STOPPED = `
  const alive = setInterval(() => {}, 1000);
  process.stdout.write('ready');
  await new Promise((resolve) => stop.addEventListener('abort', resolve));
  clearInterval(alive);`;

describe('an entry', { timeout: 60_000 }, () => {
  it('ends with 0 when its work is done', async () => {
    expect(await runBody('')).toMatchObject({ status: 0 });
  });

  it('ends with the status that its work gives, even if something still runs', async () => {
    expect(await runBody('setInterval(() => {}, 1000); return 7;')).toMatchObject({ status: 7 });
  });

  it('ends with 1 and shows the stack when it crashes', async () => {
    const { status, stdout } = await runBody('throw new TypeError("no such chunk");');
    expect(status).toBe(1);
    expect(stdout).toMatch(/\[ERROR\] probe worker-0: crashed .*TypeError: no such chunk\n {4}at /);
  });

  it('ends with 1 when something is thrown that is no error', async () => {
    expect(await runBody('throw "just text";')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('just text') as string,
    });
  });

  it('ends with 2 and the message alone when it finds itself set up wrongly', async () => {
    const { status, stdout } = await runBody('throw new ConfigError("raise this");');
    expect(status).toBe(2);
    expect(stdout).toMatch(/^\S+ \[ERROR\] probe worker-0: raise this\n$/);
  });

  it('ends with 2 before any work where the environment is wrong', async () => {
    const { status, stdout } = await runBody('process.stdout.write("worked");', { env: { CHUNK_SIZE: '0' } });
    expect(status).toBe(2);
    expect(stdout).not.toContain('worked');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('is asked to stop by %s and ends as its work does', async (signal) => {
    const { status, stdout } = await runBody(UNTIL_STOPPED, {
      onOutput: (out, kill) => void (out === 'ready' && kill(signal)),
    });
    expect(status).toBe(0);
    expect(stdout).toContain(`stopping signal=${signal}`);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends at once by a second %s', async (signal, expected) => {
    const { status } = await runBody(`${UNTIL_STOPPED} await new Promise(() => setInterval(() => {}, 1000));`, {
      onOutput: (out, kill) => void ((out === 'ready' || out.endsWith(`stopping signal=${signal}\n`)) && kill(signal)),
    });
    expect(status).toBe(expected);
  });
});

describe('the worker', { timeout: 60_000 }, () => {
  it('ends with 2 where a variable is wrong, naming it, its limit and the remedy', async () => {
    const { status, stdout } = await runNode([worker], { env: { TOTAL_PARAMETERS: '0' } });
    expect(status).toBe(2);
    expect(stdout).toMatch(
      /TOTAL_PARAMETERS="0": .*>=1.*Set the variable within its limits, or leave it out for its default/,
    );
  });

  it('ends with 2 where its index is outside the Job, with the remedy', async () => {
    const { status, stdout } = await runNode([worker], { env: { WORKER_ID: '3', TOTAL_WORKERS: '3' } });
    expect(status).toBe(2);
    expect(stdout).toMatch(/worker index 3 is outside 0…2: set TOTAL_WORKERS/);
  });

  it('ends with 2 where the retry delay contradicts the lease', async () => {
    const { status, stdout } = await runNode([worker], { env: { QUEUE_MODE: 'true', STALE_THRESHOLD_MS: '1000' } });
    expect(status).toBe(2);
    expect(stdout).toMatch(/RETRY_DELAY_MS=5000 may not exceed STALE_THRESHOLD_MS=1000/);
  });
});

describe('the command ttg', { timeout: 60_000 }, () => {
  it('says how it is used, and ends with 0 where that was asked for', async () => {
    const { status, stdout } = await runNode([ttg, '--help']);
    expect(status).toBe(0);
    for (const verb of ['verify', 'status', 'results']) expect(stdout).toContain(`ttg ${verb}`);
  });

  it('ends with 2 without a verb', async () => {
    expect(await runNode([ttg])).toMatchObject({ status: 2, stdout: expect.stringContaining('ttg verify') as string });
  });

  it.each([
    ['a verb that does not exist', ['explode'], /there is no verb "explode"/],
    ['an option that does not exist', ['verify', '--fast'], /Unknown option '--fast'/],
    ['an option without its value', ['verify', '--deadline'], /--deadline/],
    [
      'a deadline that is no number',
      ['verify', '--deadline', 'soon', '--logs', '.'],
      /--deadline soon: give a number of seconds/,
    ],
    [
      'an interval that is no number',
      ['status', '--watch', 'often', '--logs', '.'],
      /--watch often: give a number of seconds/,
    ],
    [
      'a directory of logs that does not exist',
      ['verify', '--logs', '/nowhere'],
      /--logs \/nowhere: no such directory/,
    ],
    ['no place to read from in static mode', ['results'], /STATIC_JOB_NAME, or a directory .*--logs/],
  ])('ends with 2 and an explanation on standard error for %s', async (_, args, message) => {
    const { status, stdout, stderr } = await runNode([ttg, ...args]);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });

  it('does not take other files for pod logs that it cannot read', async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, 'notes.txt'), 'nothing here\n');
    expect(await runNode([ttg, 'verify', '--logs', directory.path])).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('INCOMPLETE') as string,
    });
  });
});
