/**
 * A run's seeder and workers as processes of this machine: started by name, watched, scaled by KEDA's rule, and never
 * left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROGRAMS } from '../programs.js';
import { openBroker } from '../run/observe.js';

/** How much of a process's output is kept. */
const LOG_LIMIT = 1 << 20;

const GRACE_MS = 5000;

export interface Process {
  /** as in records: what POD_NAME says */
  name: string;
  child: ChildProcess;
  /** standard output so far */
  log: string;
  exited: Promise<unknown>;
}

export interface Processes {
  start: (program: 'worker' | 'seeder', name: string, env: Record<string, string>) => Process;
  /** dead or alive */
  get: (name: string) => Process | undefined;
  /** in the order of their start, dead or alive */
  all: (program: 'worker' | 'seeder') => Process[];
  running: (program: 'worker' | 'seeder') => Process[];
  /** asks all to stop, and kills those that do not */
  end: () => Promise<void>;
}

export function isRunning({ child }: Process) {
  return child.exitCode === null && child.signalCode === null;
}

/** @param base what every process gets besides its own environment */
export function makeProcesses(base: NodeJS.ProcessEnv = process.env): Processes {
  const processes = new Map<string, Process & { program: string }>();
  const all = (program: string) => [...processes.values()].filter((p) => p.program === program);
  return {
    start: (program, name, env) => {
      const child = spawn(process.execPath, [PROGRAMS[program]], {
        env: { ...base, ...env, POD_NAME: name, NODE_NAME: 'this machine' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const started = { program, name, child, log: '', exited: once(child, 'close') };
      for (const stream of [child.stdout, child.stderr]) {
        stream
          ?.setEncoding('utf8')
          .on('data', (text: string) => (started.log = (started.log + text).slice(-LOG_LIMIT)));
      }
      processes.set(name, started);
      return started;
    },
    get: (name) => processes.get(name),
    all,
    running: (program) => all(program).filter(isRunning),
    end: async () => {
      await Promise.all(
        [...processes.values()].filter(isRunning).map(async ({ child, exited }) => {
          // A frozen process takes no other signal but SIGKILL until it goes on.
          child.kill('SIGCONT');
          child.kill('SIGTERM');
          const hard = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
          await exited;
          clearTimeout(hard);
        }),
      );
    },
  };
}

/** Workers = min(max, ceil(unfinished ÷ chunksPerWorker)), looked at every `everyMs`. */
export async function startScaler(
  env: Record<string, string>,
  {
    max,
    chunksPerWorker,
    running,
    spawn,
    everyMs = 1000,
  }: {
    max: number;
    chunksPerWorker: number;
    running: () => Promise<number>;
    spawn: () => void;
    everyMs?: number | undefined;
  },
): Promise<{ stop: () => Promise<void> }> {
  const over = new AbortController();
  const broker = await openBroker({ ...env, POD_NAME: 'scaler' }, over.signal);
  const loop = async () => {
    while (!over.signal.aborted) {
      const wanted = await broker.depth().then(
        ({ ready, leased, delayed }) =>
          Math.min(
            max,
            Math.ceil((ready + leased + (env.QUEUE_BACKEND === 'rabbitmq' ? 0 : delayed)) / chunksPerWorker),
          ),
        () => 0, // the broker is away: KEDA starts nothing either
      );
      for (let n = wanted - (await running()); n > 0 && !over.signal.aborted; n--) spawn();
      await sleep(everyMs, undefined, { signal: over.signal }).catch(() => {});
    }
  };
  const done = loop();
  return {
    stop: async () => {
      over.abort();
      await done;
      await broker[Symbol.asyncDispose]();
    },
  };
}
