/** What the pages of examples/ tell a user to type, and what they say comes of it: the tests do the same. */
import { execFile, type PromiseWithChild } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, PROGRAMS } from '../../ops/programs.js';
import { temporaryDirectory } from '../unit/support.js';

export type ExampleName = 'monte-carlo' | 'python-model' | 'existing-program';

export interface Example {
  readonly name: ExampleName;
  readonly digest: string;
  /** The whole run on this machine. */
  readonly here: string;
  /** The same on a cluster. */
  readonly onCluster: string;
  /** The same by Helm alone. */
  readonly byHelm: string;
  /** Commands beside what they print. */
  readonly shown: readonly { readonly command: string; readonly output: string }[];
}

export function readExample(name: ExampleName): Example {
  const page = readFileSync(join(ROOT, 'examples', name, 'README.md'), 'utf8');
  const commands = [...page.matchAll(/```sh\n([^]*?)```\n(?:```\n([^]*?)```\n)?/g)].map(([, command, output]) => ({
    command: command ?? '',
    output,
  }));
  const one = (pattern: RegExp): string => {
    const found = commands.filter(({ command, output }) => output === undefined && pattern.test(command));
    if (found.length !== 1) throw new Error(`examples/${name}/README.md has ${found.length} commands like ${pattern}`);
    return found[0]?.command ?? '';
  };
  return {
    name,
    digest: /digest\s+`([0-9a-f]{32})`/.exec(page)?.[1] ?? 'no digest in the README.md',
    here: one(/^npx ttg run (?![^]*--context)/),
    onCluster: one(/^npx ttg run [^]* --context kind-ttg$/m),
    byHelm: one(/^helm install /m),
    shown: commands.flatMap(({ command, output }) => (output === undefined ? [] : [{ command, output }])),
  };
}

export interface Clone extends Disposable {
  readonly path: string;
  /** What the shell prints for the command, as a user types it in a clone. Throws where it fails. */
  type(command: string): PromiseWithChild<{ readonly stdout: string; readonly stderr: string }>;
}

/** A folder that looks like a clone to the commands, and is thrown away with all that they leave in it. */
export function emptyClone(env: Readonly<Record<string, string>> = {}): Clone {
  const directory = temporaryDirectory();
  for (const name of ['examples', 'chart']) symlinkSync(join(ROOT, name), join(directory.path, name));
  return {
    path: directory.path,
    type: (command) =>
      promisify(execFile)('sh', ['-ec', command.replaceAll('npx ttg', `'${process.execPath}' '${PROGRAMS.ttg}'`)], {
        cwd: directory.path,
        env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
        maxBuffer: 1 << 26,
      }),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

export const digestIn = (text: string): string | undefined => /^digest +(\S+)$/m.exec(text)?.[1];
