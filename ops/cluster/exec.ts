/** Commands inside containers: `kubectl exec`, at once or armed beforehand and fired within milliseconds. */
import { $ } from 'zx';
import type { Effect } from '../run/observe.js';
import { Stop } from '../script/stop.js';
import type { Where } from './release.js';

/**
 * Process 1 of TTG's pods is the pause container and the images have no pidof, pgrep or kill program: /proc and the
 * shell's own `kill` do.
 * @param pattern of the process's command line; with brackets around a letter, so that it does not match itself
 */
const findPids = (pattern: string) =>
  `pids=; for p in /proc/[0-9]*; do if tr "\\0" " " < $p/cmdline 2>/dev/null | grep -q "${pattern}"; then pids="$pids \${p#/proc/}"; fi; done`;

const PATTERNS = { worker: '[w]orker[.]js', seeder: '[s]eeder[.]js', redis: '^[r]edis-server', rabbitmq: '[b]eam.smp' };

export type Program = keyof typeof PATTERNS;

/** When it happened, in milliseconds, and to whom: the first line of what these scripts print. */
const SAY = 'echo "at $(date +%s%3N) process$pids"';

export const signalScript = (program: Program, signal: 'KILL' | 'STOP' | 'CONT' | 'USR2') =>
  `${findPids(PATTERNS[program])}; [ -n "$pids" ] || exit 3; ${SAY}; kill -${signal} $pids`;

/** The state letter of each process, T where it is stopped. */
export const stateScript = (program: Program) =>
  `${findPids(PATTERNS[program])}; for p in $pids; do sed 's/.*) \\(.\\) .*/\\1/' /proc/$p/stat; done`;

/** @param body may use $pids */
export const withPids = (program: Program, body: string) =>
  `${findPids(PATTERNS[program])}; [ -n "$pids" ] || exit 3; ${body}`;

/** @returns standard output */
export async function exec(where: Where, pod: string, script: string): Promise<string> {
  const done = await shell`kubectl ${target(where, pod)} -- sh -c ${script}`;
  if (!done.ok) throw new Error(`kubectl exec ${pod}: ${done.stderr.trim() || `exit status ${done.exitCode}`}`);
  return done.stdout;
}

/**
 * A kill ends the session that asked for it with whatever status: only what it said before counts.
 * @param script says `at <ms> process <pids>` first
 */
export async function signalInPod(where: Where, pod: string, script: string): Promise<Effect> {
  const { stdout, stderr } = await shell`kubectl ${target(where, pod)} -- sh -c ${script}`;
  return effectOf(pod, stdout, stderr);
}

/**
 * Opens the session now, for a moment that does not wait until one is open.
 * @param script as of signalInPod
 * @returns once it is open
 */
export async function arm(
  where: Where,
  pod: string,
  script: string,
): Promise<{ fire: () => Promise<Effect>; disarm: () => void }> {
  const running = typed`kubectl ${target(where, pod)} -- sh -c ${`echo armed; read go || exit 0; ${script}`}`;
  await new Promise((resolve, reject) => {
    running.stdout.once('data', resolve);
    void running.then(({ stderr }) =>
      reject(new Error(`kubectl exec ${pod}: ${stderr.trim() || 'ended before it was armed'}`)),
    );
  });
  return {
    fire: async () => {
      running.stdin.end('go\n');
      const { stdout, stderr } = await running;
      return effectOf(pod, stdout, stderr);
    },
    disarm: () => void running.stdin.end(),
  };
}

const target = ({ kube, namespace }: Where, pod: string) => [
  '--context',
  kube.context,
  '-n',
  namespace,
  'exec',
  '-i',
  pod,
];

const shell = $({ quiet: true, nothrow: true, timeout: '60s', stdio: ['ignore', 'pipe', 'pipe'] });

/** With a standard input; long enough for what it is armed for. */
const typed = $({ quiet: true, nothrow: true, timeout: '240s', stdio: ['pipe', 'pipe', 'pipe'] });

function effectOf(pod: string, stdout: string, stderr: string): Effect {
  const [, at, pids = ''] = /^at (\d+) process(.*)$/m.exec(stdout) ?? [];
  if (!at) throw new Stop(`no signal reached a process in ${pod}: ${stderr.trim() || 'the process is not there'}`);
  return { at: Number(at), observed: `${pod}: process${pids}` };
}
