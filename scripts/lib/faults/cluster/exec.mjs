/** Commands inside containers: `kubectl exec`, at once or armed beforehand and fired within milliseconds. */
import { $ } from 'zx';
import { Stop } from '../../steps.mjs';

/**
 * Process 1 of TTG's pods is the pause container and the images have no pidof, pgrep or kill program: /proc and the
 * shell's own `kill` do.
 * @param {string} pattern of the process's command line; with brackets around a letter, so that it does not match itself
 */
const findPids = (pattern) =>
  `pids=; for p in /proc/[0-9]*; do if tr "\\0" " " < $p/cmdline 2>/dev/null | grep -q "${pattern}"; then pids="$pids \${p#/proc/}"; fi; done`;

const PATTERNS = { worker: '[w]orker[.]js', seeder: '[s]eeder[.]js', redis: '^[r]edis-server', rabbitmq: '[b]eam.smp' };
/** @typedef {keyof typeof PATTERNS} Program */

/** When it happened, in milliseconds, and to whom: the first line of what these scripts print. */
const SAY = 'echo "at $(date +%s%3N) process$pids"';

/** @param {Program} program @param {'KILL' | 'STOP' | 'CONT' | 'USR2'} signal */
export const signalScript = (program, signal) =>
  `${findPids(PATTERNS[program])}; [ -n "$pids" ] || exit 3; ${SAY}; kill -${signal} $pids`;

/** The state letter of each process, T where it is stopped. @param {Program} program */
export const stateScript = (program) =>
  `${findPids(PATTERNS[program])}; for p in $pids; do sed 's/.*) \\(.\\) .*/\\1/' /proc/$p/stat; done`;

/** @param {Program} program @param {string} body may use $pids */
export const withPids = (program, body) => `${findPids(PATTERNS[program])}; [ -n "$pids" ] || exit 3; ${body}`;

/**
 * @param {import('../../release.mjs').Where} where
 * @param {string} pod
 * @param {string} script
 * @returns {Promise<string>} standard output
 */
export async function exec(where, pod, script) {
  const done = await shell`kubectl ${target(where, pod)} -- sh -c ${script}`;
  if (!done.ok) throw new Error(`kubectl exec ${pod}: ${done.stderr.trim() || `exit status ${done.exitCode}`}`);
  return done.stdout;
}

/**
 * A kill ends the session that asked for it with whatever status: only what it said before counts.
 * @param {import('../../release.mjs').Where} where
 * @param {string} pod
 * @param {string} script says `at <ms> process <pids>` first
 * @returns {Promise<import('../types.mjs').Struck>}
 */
export async function strike(where, pod, script) {
  const { stdout, stderr } = await shell`kubectl ${target(where, pod)} -- sh -c ${script}`;
  return struckBy(pod, stdout, stderr);
}

/**
 * Opens the session now, for a moment that does not wait until one is open.
 * @param {import('../../release.mjs').Where} where
 * @param {string} pod
 * @param {string} script as of strike
 * @returns {Promise<{ fire: () => Promise<import('../types.mjs').Struck>, disarm: () => void }>} once it is open
 */
export async function arm(where, pod, script) {
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
      return struckBy(pod, stdout, stderr);
    },
    disarm: () => void running.stdin.end(),
  };
}

/** @param {import('../../release.mjs').Where} where @param {string} pod */
const target = ({ kube, namespace }, pod) => ['--context', kube.context, '-n', namespace, 'exec', '-i', pod];

const shell = $({ quiet: true, nothrow: true, timeout: '60s', stdio: ['ignore', 'pipe', 'pipe'] });
/** With a standard input; long enough for what it is armed for. */
const typed = $({ quiet: true, nothrow: true, timeout: '240s', stdio: ['pipe', 'pipe', 'pipe'] });

/** @param {string} pod @param {string} stdout @param {string} stderr @returns {import('../types.mjs').Struck} */
function struckBy(pod, stdout, stderr) {
  const [, at, pids = ''] = /^at (\d+) process(.*)$/m.exec(stdout) ?? [];
  if (!at) throw new Stop(`nothing was hit in ${pod}: ${stderr.trim() || 'the process is not there'}`);
  return { at: Number(at), observed: `${pod}: process${pids}` };
}
