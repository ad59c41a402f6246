import { describe, expect, it } from 'vitest';
import { dist, runNode, type Ended } from './support.js';

/** Runs `body` in a process of its own, where `log` is a logger with these settings. */
function logging(body: string, settings: Record<string, string> = {}, fd = 1): Promise<Ended> {
  const config = JSON.stringify({ LOG_LEVEL: 'INFO', LOG_FORMAT: 'text', workerName: 'w-1', ...settings });
  const source = `
    import { createLogger, writeLine } from ${JSON.stringify(dist('core/runtime/logger.js'))};
    const log = createLogger(${config}, 'worker', ${fd});
    ${body}`;
  return runNode(['--input-type=module', '--eval', source]);
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

  it('is whole where it was written faster than it is read, and the process ends at once', async () => {
    const lines = 3000;
    const { stdout } = await logging(`
      const filler = 'x'.repeat(400);
      for (let i = 0; i < ${lines}; i++) writeLine(i + ' ' + filler + '\\n');
      process.exit(0);`);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => Number(line.split(' ')[0])),
    ).toEqual(Array.from({ length: lines }, (_, i) => i));
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .filter((line) => !line.endsWith('x'.repeat(400))),
    ).toEqual([]);
  });
});
