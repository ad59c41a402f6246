import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const LINES = 20_000;
const LINE = 'x'.repeat(99);

/** @param print what the script's body does */
function start(print: string) {
  const body = `import { runScript } from ${JSON.stringify(file('../../ops/script/frame.ts'))};
await runScript({ name: 'talkative', about: '', flags: {} }, async (_, script) => { ${print} });`;
  return spawn(
    process.execPath,
    ['--import', file('../support/typescript.mjs'), '--input-type=module', '--eval', body],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
}

test('what a script printed reaches a reader that begins only after the script is through', async () => {
  const child = start(`for (let n = 0; n < ${LINES}; n++) script.print('${LINE}'); process.stderr.write('printed');`);
  const ended = once(child, 'close') as Promise<[number]>;
  await once(child.stderr, 'data');
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => (bytes += chunk.length));
  const [status] = await ended;
  expect({ status, bytes }).toEqual({ status: 0, bytes: LINES * (LINE.length + 1) });
});

test('a reader that has read enough is no failure', async () => {
  const child = start(`for (;;) { script.print('${LINE}'); await new Promise(setImmediate); }`);
  const ended = once(child, 'exit') as Promise<[number]>;
  await once(child.stdout, 'data');
  child.stdout.destroy();
  child.stderr.resume();
  expect(await ended).toEqual([0, null]);
});
