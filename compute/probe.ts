/** Tries a computation before anything is published: is it there, does it load, does it give values? */
import { fork, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { valueText } from '../core/model/value-text.js';
import type { Config } from '../core/runtime/config.js';
import type { Logger } from '../core/runtime/logger.js';
import { unpack } from '../core/wire/values-codec.js';
import type { Computed, Failure, Outcome } from './executor.js';
import { ProgramExecutor } from './program/executor.js';
import { isSweep, Sweeps } from './sweeps.js';

/** What the process that tries is told. */
export interface TrialRequest {
  readonly computation: string;
  readonly runId: string;
  /** SWEEP_FILE, which may be empty. */
  readonly sweepFile: string;
  readonly parameter: number;
}

/** What a trial of a sweep needs to know. */
export interface Setting {
  readonly runId: string;
  readonly config: Config;
  readonly log: Logger;
}

/** What became of one parameter. */
export type Trial =
  | { readonly ended: 'ok'; /** Of the value as JSON. */ readonly bytes: number }
  | { readonly ended: 'slow' }
  /** `unloadable`: no parameter of it can be computed. */
  | { readonly ended: 'failed' | 'unloadable'; readonly reason: string };

export type Probe =
  | {
      readonly ok: true;
      /** Nothing was said against it, but it was slower than the limit. */
      readonly slow: boolean;
      /** Of the value that it gave, as JSON; undefined where it was too slow. */
      readonly valueBytes: number | undefined;
    }
  | {
      readonly ok: false;
      readonly reason: string;
      /** false: it could not even be loaded. */ readonly loaded: boolean;
    };

/**
 * Computes a few parameters, each in a process of its own. A single parameter may be bad, which is what dead letters
 * are for: only where all of them fail something is wrong with the computation.
 * @param computation as in a plan
 * @param limitMs for all of them; what is slower is not refused
 */
export async function probeComputation(
  computation: string,
  parameters: readonly number[],
  limitMs: number,
  signal: AbortSignal,
  setting?: Setting,
): Promise<Probe> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  await using trials = await trialsOf(computation, setting, limit);
  const failures: string[] = [];
  for (const parameter of parameters) {
    const trial = await trials.attempt(parameter);
    if (trial.ended === 'unloadable') return { ok: false, loaded: false, reason: trial.reason };
    if (trial.ended === 'slow') return { ok: true, slow: true, valueBytes: undefined };
    if (trial.ended === 'ok') return { ok: true, slow: false, valueBytes: trial.bytes };
    failures.push(trial.reason);
  }
  return {
    ok: false,
    loaded: true,
    reason: `computation ${computation} failed for every parameter that was tried (${parameters.join(', ')}): ${failures[0]}`,
  };
}

/** Whether a program computes it, which workers may have and whoever asks may not. */
export async function isProgram(computation: string, { SWEEP_FILE }: Config): Promise<boolean> {
  if (!isSweep(computation)) return false;
  return (await new Sweeps(SWEEP_FILE).find(computation)).computation.kind === 'program';
}

interface Trials extends AsyncDisposable {
  attempt(parameter: number): Promise<Trial>;
}

async function trialsOf(computation: string, setting: Setting | undefined, limit: AbortSignal): Promise<Trials> {
  if (setting && isSweep(computation)) {
    const sweeps = new Sweeps(setting.config.SWEEP_FILE);
    const { kind } = (await sweeps.find(computation)).computation;
    if (kind === 'program') return programTrials(computation, setting, sweeps, limit);
  }
  const { runId = '', config } = setting ?? {};
  const request = { computation, runId, sweepFile: config?.SWEEP_FILE ?? '' };
  return {
    attempt: async (parameter) => {
      const trial = await attempt({ ...request, parameter }, limit);
      return trial.ended === 'unloadable' ? { ...trial, reason: `${trial.reason}${placeOf(computation)}` } : trial;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A program is a process of its own in any case: it runs as it does in a worker. */
function programTrials(
  computation: string,
  { runId, config, log }: Setting,
  sweeps: Sweeps,
  limit: AbortSignal,
): Trials {
  const executor = new ProgramExecutor(config, log, sweeps, () => undefined);
  const chunk = { runId, computation, chunkId: 'trial', keepValues: true, piece: true, createdAt: '' };
  return {
    attempt: async (parameter) => {
      let trial: Trial = { ended: 'slow' };
      const settled = ([outcome]: readonly Outcome[]): void => {
        if (outcome) trial = 'failure' in outcome ? failedTrial(outcome.failure) : goodTrial(outcome.computed);
      };
      await executor.execute([{ ...chunk, start: parameter, end: parameter }], { signal: limit, settled });
      return trial;
    },
    [Symbol.asyncDispose]: async () => {
      await executor[Symbol.asyncDispose]();
      sweeps[Symbol.dispose]();
    },
  };
}

function goodTrial({ values, packed }: Computed): Trial {
  const [value] = values ?? unpack(packed ?? '');
  return { ended: 'ok', bytes: Buffer.byteLength(valueText(value)) };
}

function failedTrial({ message, output = '', blame }: Failure): Trial {
  const reason = output.trim() === '' ? message : `${message}\n${output.trimEnd()}`;
  return { ended: blame === 'parameter' ? 'failed' : 'unloadable', reason };
}

function attempt(request: TrialRequest, limit: AbortSignal): Promise<Trial> {
  if (limit.aborted) return Promise.resolve({ ended: 'slow' });
  // What it prints is no answer of the seeder's.
  const child = fork(fileURLToPath(new URL('./probe-process.js', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return new Promise<Trial>((resolve) => {
    let trial: Trial | undefined;
    const kill = (): void => {
      trial ??= { ended: 'slow' };
      child.kill('SIGKILL');
    };
    limit.addEventListener('abort', kill, { once: true });
    child.on('message', (message) => (trial ??= message as Trial));
    child.on('error', (error) => (trial ??= { ended: 'failed', reason: error.message }));
    child.on('close', (status, died) => {
      limit.removeEventListener('abort', kill);
      const how = died ? `by ${died}` : `with status ${status}`;
      resolve(trial ?? { ended: 'failed', reason: `parameter ${request.parameter} ended its process ${how}` });
    });
    child.send(request);
  });
}

/**
 * Node tells file and line of a syntax error only to those who check the file by itself: ` at FILE:LINE`, then the
 * line.
 */
function placeOf(computation: string): string {
  if (!computation.startsWith('/')) return '';
  const { status, stderr } = spawnSync(process.execPath, ['--check', computation], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  const [place = '', ...lines] = stderr.split('\n').slice(0, 3);
  // In the first line, which is all that some readers of logs show.
  return status === 0 || !place ? '' : ` at ${place}\n${lines.join('\n').trimEnd()}`;
}
