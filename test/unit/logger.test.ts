import { describe, expect, it } from 'vitest';
import { HANGING_READER, LATE_READER, runPiped } from '../support/pipe.js';
import { dist, runNode, type Ended } from './support.js';

/** Runs `body` in a process of its own, where `log` is a logger with these settings. */
function logging(body: string, settings: Record<string, string> = {}, fd = 1): Promise<Ended> {
  const config = JSON.stringify({ LOG_LEVEL: 'INFO', LOG_FORMAT: 'text', workerName: 'w-1', ...settings });
  const source = `
    import { createLogger } from ${JSON.stringify(dist('core/runtime/logger.js'))};
    const log = createLogger(${config}, 'worker', ${fd});
    ${body}`;
  return runNode(['--input-type=module', '--eval', source]);
}

/** Arguments of Node for a program of ours with this body. */
function program(body: string): string[] {
  return [
    '--input-type=module',
    '--eval',
    `import { runMain } from ${JSON.stringify(dist('core/runtime/lifecycle.js'))};
     runMain('probe', async ({ log, out }) => { ${body} });`,
  ];
}

describe('the log', { timeout: 60_000 }, () => {
  it('as text is one line for people, with the fields behind the message', async () => {
    const { stdout } = await logging(
      `log.info({ chunk_id: '00042', attempt: 2, error: 'two words', parameter: undefined }, 'chunk failed');`,
    );
    expect(stdout).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z \[INFO\] worker w-1: chunk failed chunk_id=00042 attempt=2 error="two words"\n$/,
    );
  });

  it('as JSON is one object a line, with names for time, level, component and worker', async () => {
    const { stdout } = await logging(`log.warn({ chunk_id: '00042' }, 'lease lost'); log.info('next');`, {
      LOG_FORMAT: 'json',
    });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { time: string });
    expect(lines).toMatchObject([
      { level: 'warn', component: 'worker', worker_id: 'w-1', msg: 'lease lost', chunk_id: '00042' },
      { msg: 'next' },
    ]);
    expect(new Date(lines[0]?.time ?? '').toISOString()).toBe(lines[0]?.time);
  });

  it.each([
    ['DEBUG', ['d', 'i', 'w', 'e']],
    ['INFO', ['i', 'w', 'e']],
    ['WARNING', ['w', 'e']],
    ['ERROR', ['e']],
    ['warning', ['w', 'e']],
  ])('at %s holds what is at least as grave', async (level, messages) => {
    const { stdout } = await logging(`log.debug('d'); log.info('i'); log.warn('w'); log.error('e');`, {
      LOG_LEVEL: level,
      LOG_FORMAT: 'json',
    });
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { msg: string }).msg),
    ).toEqual(messages);
  });

  it('goes to standard error where standard output is the answer', async () => {
    expect(await logging(`log.info('working'); process.stdout.write('42');`, {}, 2)).toMatchObject({
      stdout: '42',
      stderr: expect.stringContaining('working') as string,
    });
  });

  it.each(['text', 'json'])('as %s shows where an error came from', async (format) => {
    const { stdout } = await logging(
      `log.error({ err: { message: 'boom', stack: 'Error: boom at here' } }, 'crashed');`,
      { LOG_FORMAT: format },
    );
    expect(stdout).toContain('Error: boom at here');
  });

  it('as text holds what JSON holds: nested fields, numbers, and no field that is undefined', async () => {
    const { stdout } = await logging(
      `log.info({ nested: { a: [1, 'x'] }, n: 1.5, none: null, gone: undefined, big: 'a\\tb' }, 'said %s', 'so');`,
    );
    expect(stdout).toMatch(/: said so nested={"a":\[1,"x"\]} n=1.5 none=null big="a\\tb"\n$/);
  });

  it('as text shows an error that is given for itself', async () => {
    const { stdout } = await logging(`log.error(new TypeError('no such chunk'));`);
    expect(stdout).toMatch(/\[ERROR\] worker w-1: no such chunk err=TypeError: no such chunk\n {4}at /);
  });

  it('is whole behind a slow reader, and so are records among it', async () => {
    const lines = 3000;
    const { status, read } = await runPiped(
      program(`
        const filler = 'x'.repeat(400);
        const written = [];
        for (let i = 0; i < ${lines}; i++) {
          written.push(out.write('RECORD ' + i + ' ' + filler + '\\n'));
          if (i % 10 === 0) log.info({ i }, 'between');
        }
        await Promise.all(written);`),
      LATE_READER,
    );
    const records = read.split('\n').filter((line) => line.startsWith('RECORD'));
    expect(records).toEqual(Array.from({ length: lines }, (_, i) => `RECORD ${i} ${'x'.repeat(400)}`));
    expect(status).toBe(0);
  });
});

describe('a reader that takes nothing', { timeout: 60_000 }, () => {
  /** Logs far more than may wait, then lets a timer tick for a second, and tells on standard error how that went. */
  const FLOOD = `
    const filler = 'x'.repeat(1000);
    for (let i = 0; i < 10_000; i++) log.info({ filler }, 'line');
    log.error('the last error');
    const [cpu, began] = [process.cpuUsage(), performance.now()];
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    const { user, system } = process.cpuUsage(cpu);
    const share = (user + system) / 1000 / (performance.now() - began);
    process.stderr.write(JSON.stringify({ share, waiting: out.waiting }) + '\\n');`;

  it('costs neither the time of the processor, nor timers, nor memory, nor the end of the process', async () => {
    const { status, stderr } = await runPiped(program(FLOOD), HANGING_READER);
    const { share, waiting } = JSON.parse(stderr) as { share: number; waiting: number };
    expect(share).toBeLessThan(0.5);
    expect(waiting).toBeLessThan(2 << 20);
    expect(status).toBe(0);
  });

  it('is told, once it reads on, how many lines it has missed; errors are not among them', async () => {
    const { read } = await runPiped(
      program(`${FLOOD}
        while (out.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 10));
        log.info('afterwards');`),
      LATE_READER,
    );
    const lines = read.trimEnd().split('\n');
    const kept = lines.filter((line) => line.includes(': line filler=')).length;
    const told = /log lines were dropped here.* lines=(\d+)$/.exec(lines.at(-2) ?? '')?.[1];
    expect(lines.at(-1)).toMatch(/afterwards$/);
    expect(lines.at(-3)).toMatch(/the last error$/);
    expect(kept + Number(told)).toBe(10_000);
  });
});
