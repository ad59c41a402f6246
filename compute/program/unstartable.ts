/** Why a program cannot start at all here, as told from one that fails on a parameter. */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/** Numbers of ELF for the machines that Node runs on, each with the name that users know it by. */
const MACHINES: Readonly<Record<number, string>> = {
  3: 'i386',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x86_64 (amd64)',
  183: 'aarch64 (arm64)',
  243: 'riscv64',
};
/** What each of Node's architectures runs: 64-bit kernels mostly run the 32-bit programs of their family too. */
const RUNS: Readonly<Record<string, readonly number[]>> = {
  x64: [62, 3],
  arm64: [183, 40],
  ia32: [3],
  arm: [40],
  ppc64: [21],
  s390x: [22],
  riscv64: [243],
};
/** What loaders of glibc and musl print where a library is missing, or older than the program. */
const LOADER =
  /error while loading shared libraries|Error loading shared library|Error relocating|version [`'"]\w+_[\d.]+' not found/;

/** How a process ended: one of the two is set. */
export interface Exit {
  readonly status: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/**
 * @param program as in the command
 * @param path the PATH that it is looked for in
 * @returns the reason; undefined where it is no reason of the program's, such as a command line that is too long
 */
export function whyNotSpawned(program: string, path: string, error: NodeJS.ErrnoException): string | undefined {
  if (error.code !== 'ENOENT' && error.code !== 'EACCES' && error.code !== 'ENOEXEC') return undefined;
  const file = find(program, path);
  if (file === undefined) {
    const where = program.includes('/') ? 'there is no such file' : `it is not in PATH=${path}`;
    return `${where}: look at its name in computation.command, and whether the machine or image of the workers has it`;
  }
  const head = headOf(file);
  const foreign = machineOf(head);
  if (foreign !== undefined) return foreign;
  if (error.code === 'EACCES') {
    const what = statSync(file).isDirectory() ? 'is a directory' : 'is not executable: chmod +x, or check the mount';
    return `${file} ${what}`;
  }
  const interpreter = interpreterOf(head);
  if (interpreter !== undefined && find(interpreter, '') === undefined)
    return `${file} begins with #!${interpreter}, and there is no such file`;
  return `${file} is there, but not what it needs to start, such as its loader: is it built for this image's C library?`;
}

/** @param stderr the end of what it printed there */
export function whyNotStarted(program: string, path: string, exit: Exit, stderr: string): string | undefined {
  if (exit.status === undefined || exit.status === 0) return undefined;
  const loader = stderr.split('\n').find((line) => LOADER.test(line));
  if (loader !== undefined) return loader.trim();
  const file = find(program, path);
  // Where the kernel does not know the format, the C library has a shell read the file as a script.
  const foreign = file === undefined ? undefined : machineOf(headOf(file));
  if (foreign !== undefined) return foreign;
  // What shells and `env` end with, where it is their command that is not there or not executable.
  if (exit.status !== 126 && exit.status !== 127) return undefined;
  return `it ended with status ${exit.status}, command not ${exit.status === 126 ? 'executable' : 'found'}${last(stderr)}`;
}

function last(stderr: string): string {
  const line = stderr.trimEnd().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line}`;
}

function find(program: string, path: string): string | undefined {
  if (program.includes('/')) return isFile(program) ? resolve(program) : undefined;
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  const files = folders.map((folder) => join(folder, program)).filter(isFile);
  return files.find(isExecutable) ?? files[0];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function headOf(file: string): Buffer {
  const head = Buffer.alloc(256);
  try {
    const fd = openSync(file, 'r');
    try {
      return head.subarray(0, readSync(fd, head, 0, head.length, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return head.subarray(0, 0); // not readable, or a directory
  }
}

/** Set where this is a program for another machine. */
function machineOf(head: Buffer): string | undefined {
  const runs = RUNS[process.arch];
  if (!runs || head.length < 20 || head.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const machine = head[5] === 2 ? head.readUInt16BE(18) : head.readUInt16LE(18);
  if (runs.includes(machine)) return undefined;
  const built = MACHINES[machine] ?? `machine ${machine} of ELF's list`;
  return `it is built for ${built}, and this machine is ${process.arch}: wrong architecture`;
}

function interpreterOf(head: Buffer): string | undefined {
  return /^#!\s*(\S+)/.exec(head.toString('latin1'))?.[1];
}
