/** The completion of the shells, asked as the shell would ask it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { dist, runNode, temporaryDirectory } from './support.js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const script = async (shell: string): Promise<string> =>
  (await runNode([dist('cli/main.js'), 'completion', shell])).stdout;

describe('the completion of bash', { timeout: 60_000 }, () => {
  let source: string;
  beforeAll(async () => void (source = await script('bash')));

  /** What bash offers behind these words, the last of which is the one that is being typed. */
  async function offered(...words: string[]): Promise<string[]> {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, 'run.json'), '');
    const asked = `${source}
      COMP_WORDS=(ttg ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
      _ttg; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', asked], { cwd: directory.path });
    return stdout.trimEnd().split('\n');
  }

  it.each<[words: string[], offers: string[]]>([
    [['ver'], ['verify']],
    [
      ['dlq', ''],
      ['list', 'show', 'replay', 'drop', 'help', '--help'],
    ],
    [['dlq', 're'], ['replay']],
    [['dlq', 'replay', '--a'], ['--all']],
    [['verify', '--json', '--wa'], ['--wait']],
    [['verify', '--check', ''], ['run.json']],
    [['run', 'ru'], ['run.json']],
    [['run', '--source', ''], ['run.json']],
    [
      ['run', '--jo'],
      ['--jobs', '--joblog'],
    ],
    [['verify', '--deadline', ''], ['']],
    [['completion', 'f'], ['fish']],
  ])('offers behind %j the words %j', async (words, offers) => {
    expect(await offered(...words)).toEqual(offers);
  });
});

describe('the completion', { timeout: 60_000 }, () => {
  it.each(['bash', 'zsh', 'fish'])('of %s knows every verb and its options', async (shell) => {
    const text = await script(shell);
    for (const word of ['verify', 'status', 'results', 'why', 'dlq', 'replay', 'certificate', 'run-id', 'watch'])
      expect(text).toContain(word);
  });

  it('of zsh defines its function before it is used', async () => {
    expect(await script('zsh')).toMatch(/^#compdef ttg\n_ttg\(\) \{[^]*compdef _ttg ttg\n$/);
  });

  it('of fish is one command a line, in whose quotes nothing ends early', async () => {
    for (const line of (await script('fish')).trimEnd().split('\n'))
      expect(line).toMatch(/^complete -c ttg( -[fFrx]| -[adln] (\w[\w-]*|'([^'\\]|\\.)*'))*$/);
  });
});
