/**
 * Helper processes of a local broker: a command run to its end, and the guard that ends the broker when its owner ends.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';

/** @returns what it printed, both streams */
export function run(
  program: string,
  args: string[],
  { timeoutMs = 60_000, env = process.env }: { timeoutMs?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: timeoutMs, env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout + stderr);
      const reason = error.killed
        ? `no end within ${timeoutMs / 1000} s`
        : stderr.trim().split('\n').at(-1) || error.message;
      reject(new Error(`${program} ${args.slice(0, 2).join(' ')}: ${reason}`));
    });
  });
}

/**
 * A shell that reads from a pipe whose other end only the owner holds: the kernel closes it when the owner dies.
 * Process groups are named by `<dir>/*.pid`, and only those are killed.
 */
const SCRIPT = `
dir=$1 container=$2 keep=$3 grace=$4
cat >/dev/null
each() { for file in "$dir"/*.pid; do [ -s "$file" ] && "$@" "$(cat "$file")"; done; }
tell() { kill "-$signal" "-$1" 2>/dev/null; }
alive() { kill -0 "-$1" 2>/dev/null && left=1; }
if [ "$container" ]; then
  [ "$grace" = 0 ] || docker stop -t "$grace" "$container"
  docker rm -f -v "$container"
fi
tries=$((grace * 10))
while [ "$tries" -gt 0 ]; do
  signal=TERM left=
  [ "$tries" -eq $((grace * 10)) ] && each tell
  each alive
  [ "$left" ] || break
  tries=$((tries - 1))
  sleep 0.1
done
signal=KILL
each tell
if [ "$keep" ]; then rm -f "$dir"/*.pid; exit 0; fi
for try in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$dir" && break; sleep 0.2; done
`;

/** @returns ends the broker and resolves when nothing of it is left */
export function guard({
  dir,
  keep,
  container,
}: {
  dir: string;
  keep: boolean;
  container: string | undefined;
}): () => Promise<void> {
  const args = [dir, container ?? '', keep ? 'keep' : '', keep ? '15' : '0'];
  const shell = spawn('sh', ['-c', SCRIPT, 'ttg-guard', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const ended = once(shell, 'exit');
  shell.unref();
  (shell.stdin as Socket).unref();
  return async () => {
    shell.ref();
    shell.stdin.end();
    await ended;
  };
}
