import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runPiped } from '../support/pipe.js';
import { dist, runNode, temporaryDirectory, type Ended, type RunOptions } from './support.js';

const worker = dist('worker/main.js');
const ttg = dist('cli/main.js');

/** Arguments of Node for an entry whose body is given as source. */
function bodyArguments(body: string): string[] {
  const source = `
    import { runMain } from ${JSON.stringify(dist('core/runtime/lifecycle.js'))};
    import { ConfigError } from ${JSON.stringify(dist('core/runtime/errors.js'))};
    runMain('probe', async ({ config, log, stop }) => { ${body} });`;
  return ['--input-type=module', '--eval', source];
}

function runBody(body: string, options: RunOptions = {}): Promise<Ended> {
  return runNode(bodyArguments(body), options);
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

  it.each(["throw new TypeError('nobody awaits this')", "void Promise.reject(new TypeError('nobody awaits this'))"])(
    'ends with 1 and its whole log where a timer does `%s`, also behind a slow reader',
    async (crash) => {
      const body = `
        for (let i = 0; i < 400; i++) log.info({ i, filler: 'x'.repeat(400) }, 'line');
        setTimeout(() => { ${crash}; });
        await new Promise((resolve) => setTimeout(resolve, 60_000));`;
      const { status, read } = await runPiped(bodyArguments(body), 'sleep 0.5; cat');
      const lines = read.split('\n');
      expect(lines.filter((line) => line.includes(': line i='))).toHaveLength(400);
      expect(lines[400]).toMatch(/\[ERROR\] probe worker-0: crashed err=TypeError: nobody awaits this/);
      expect(status).toBe(1);
    },
  );

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
    for (const verb of ['verify', 'status', 'results', 'why', 'dlq', 'completion'])
      expect(stdout).toMatch(new RegExp(`^  ${verb} `, 'm'));
    for (const status of ['0  complete:', '3  complete, but', '1  incomplete', '2  wrong usage'])
      expect(stdout).toContain(status);
  });

  it.each([
    [['verify', '--help'], /--certificate <file>[^]*Exit statuses/],
    [['help', 'verify'], /--certificate <file>[^]*Exit statuses/],
    [['status', '--help'], /--run-id <id>[^]*--watch <seconds>/],
    [['results', '--help'], /--csv/],
    [['why', '--help'], /--seconds <n>.*\(default: 6\)/s],
    [['dlq', 'replay', '--help'], /ttg dlq replay \[options\] \[id...\]/],
    [['--version'], /^\d+\.\d+\.\d+\n$/],
  ])('answers %j and ends with 0, whatever the environment', async (args, said) => {
    const ended = await runNode([ttg, ...args], { env: { CHUNK_SIZE: 'wrong' } });
    expect(ended).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(said) as string });
  });

  it.each([[[]], [['dlq']]])('ends with 2 and the help on standard error for %j', async (args) => {
    const { status, stdout, stderr } = await runNode([ttg, ...args]);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('Usage: ttg');
  });

  it('takes the run from --run-id, before the environment', async () => {
    using directory = temporaryDirectory();
    const args = [ttg, 'status', '--json', '--logs', directory.path, '--run-id', 'other'];
    const { stdout } = await runNode(args, { env: { RUN_ID: 'run-1' } });
    expect(JSON.parse(stdout)).toMatchObject({ runId: 'other' });
  });

  it.each([
    ['a verb that does not exist', ['explode'], /unknown command 'explode'/],
    ['a verb with a slip', ['verfy'], /unknown command 'verfy'\n\(Did you mean verify\?\)\nSee `ttg --help`/],
    ['a word that every object has', ['constructor'], /unknown command 'constructor'/],
    ['an action that does not exist', ['dlq', 'explode'], /unknown command 'explode'\nSee `ttg dlq --help`/],
    ['an option that does not exist', ['verify', '--fast'], /unknown option '--fast'[^]*See `ttg verify --help`/],
    ['an option without its value', ['verify', '--deadline'], /'--deadline <seconds>' argument missing/],
    ['a word too many', ['status', 'run-1', 'run-2'], /too many arguments/],
    [
      'options that contradict',
      ['verify', '--check', 'a', '--certificate', 'b'],
      /'--check <file>' cannot be used with/,
    ],
    ['--force alone', ['verify', '--force'], /'--force' belongs to '--repair'/],
    ['--faults alone', ['verify', '--faults', 'a'], /'--faults <file>' belongs to '--certificate <file>'/],
    ['neither ids nor --all', ['dlq', 'replay'], /give ids as `ttg dlq list` shows them, or --all/],
    ['ids and --all', ['dlq', 'drop', '1', '--all'], /give ids as `ttg dlq list` shows them, or --all/],
    [
      'a run id that is no label',
      ['status', '--run-id', 'No_1'],
      /argument 'No_1' is invalid. Give 1 to 40 lower-case/,
    ],
    ['an empty run id', ['status', '--run-id', ''], /Give 1 to 40 lower-case/],
    [
      'a deadline that is no number',
      ['verify', '--deadline', 'soon'],
      /'soon' is invalid. Give a number of seconds from/,
    ],
    ['a deadline that is nothing', ['verify', '--deadline', ' '], /Give a number of seconds from 0 to 2147483/],
    ['an interval of nothing', ['status', '--watch', '0'], /'0' is invalid. Give a number of seconds above 0/],
    ['a wait of days', ['why', '--seconds', '1e9'], /Give a number of seconds above 0 and up to 3600/],
    [
      'an unknown shell',
      ['completion', 'tcsh'],
      /'tcsh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish/,
    ],
    [
      'a directory of logs that does not exist',
      ['verify', '--logs', '/nowhere'],
      /--logs \/nowhere: no such directory/,
    ],
    ['no place to read from in static mode', ['results'], /STATIC_JOB_NAME, or a directory .*--logs/],
    [
      'a run that is not here, without a time and level before it',
      ['results', 'nowhere'],
      /^ttg: run nowhere has no folder runs.nowhere here/,
    ],
    [
      'dead letters of a run that is not here',
      ['dlq', 'show', '1', '--run-id', 'nowhere'],
      /run nowhere has no folder/,
    ],
  ])('ends with 2 and an explanation on standard error for %s', async (_, args, message) => {
    const { status, stdout, stderr } = await runNode([ttg, ...args]);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });

  it('says in one line which place the system refused', async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, 'pod.log'), '');
    const args = ['results', '--logs', directory.path, '--out', join(directory.path, 'none', 't.csv')];
    const { status, stderr } = await runNode([ttg, ...args]);
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^ttg: --out .*t\.csv: ENOENT: .*Name a place that is there[^\n]*\n$/),
    ]);
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
