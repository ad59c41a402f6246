/** Peak memory of the processes of a run, by what they are: read from /proc, since each is another's child. */
import { readdirSync, readFileSync } from 'node:fs';
import { memoryMib } from '../lib/process.mjs';

const EVERY_MS = 100;

/** @typedef {Map<string, number>} Peaks MiB of the largest process of each kind */

/** @param {number | undefined} root its own kind is `main` @returns {{ peaks: Peaks, stop: () => void }} */
export function watchMemory(root) {
  /** @type {Peaks} */
  const peaks = new Map();
  const look = () => {
    for (const [pid, kind] of kinds(root)) {
      const peak = memoryMib(pid);
      if (peak > (peaks.get(kind) ?? 0)) peaks.set(kind, peak);
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return { peaks, stop: () => clearInterval(timer) };
}

/** @param {number | undefined} root @returns {[number, string][]} */
function kinds(root) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const parent = Number(read(`/proc/${name}/stat`).split(') ').at(-1)?.split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  /** @type {[number, string][]} */
  const found = root === undefined ? [] : [[root, 'main']];
  for (const [pid] of found)
    for (const child of children.get(pid) ?? []) {
      const command = read(`/proc/${child}/cmdline`);
      found.push([child, /worker\/\w+\.js/.test(command) ? 'worker' : 'program']);
    }
  return found;
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
