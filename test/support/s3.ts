/** A real S3 server for tests: versitygw, which keeps buckets as folders. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../ops/local/ports.js';
import { eventually } from './wait.js';

export interface S3Server extends AsyncDisposable {
  /** For programs that use its bucket. */
  readonly env: Readonly<Record<string, string>>;
  /** Where its objects are files. */
  readonly bucket: string;
  /** Ends it at once, or starts it again on the same data. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export async function startS3(): Promise<S3Server> {
  const data = mkdtempSync(join(tmpdir(), 'ttg-s3-'));
  const bucket = join(data, 'ttg-test');
  mkdirSync(bucket);
  const [port = 0] = await freePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  let child: ReturnType<typeof spawn> | undefined;
  const kill = async (): Promise<void> => {
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    child = undefined;
  };
  const start = async (): Promise<void> => {
    const started = spawn('versitygw', ['--port', `127.0.0.1:${port}`, '--health', '/health', 'posix', data], {
      env: { ...process.env, ROOT_ACCESS_KEY: 'test', ROOT_SECRET_KEY: 'testtest' },
      stdio: 'ignore',
    });
    child = started;
    let failure: Error | undefined;
    started.on('error', (error) => (failure = error));
    await eventually(
      async () => {
        if (failure)
          throw new Error(`versitygw, an S3 server, does not start: ${failure.message}. Install it for these tests`);
        return (await fetch(`${endpoint}/health`).catch(() => undefined))?.ok === true;
      },
      20_000,
      'the S3 server',
    );
  };
  await start();
  return {
    bucket,
    kill,
    start,
    env: {
      RESULTS_STORE: 's3',
      S3_ENDPOINT: endpoint,
      S3_BUCKET: 'ttg-test',
      S3_PREFIX: 'values/of-tests',
      S3_ACCESS_KEY_ID: 'test',
      S3_SECRET_ACCESS_KEY: 'testtest',
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
