/** Runs a program to its end and says what went wrong in one line. */
import { execFile } from 'node:child_process';

/**
 * @param {string} program
 * @param {string[]} args
 * @param {{ timeoutMs?: number, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>} what it printed, both streams
 */
export function run(program, args, { timeoutMs = 60_000, env = process.env } = {}) {
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
