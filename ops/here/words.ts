/** A command line as one would type it in a shell. */

/** Quoted only where a shell would read it otherwise. */
export function shellWord(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

/** How this process was called: `ttg run …`, `npx ttg run …` or `node dist/cli/main.js run …`. */
export function ownCommand(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const [, program = '', ...rest] = argv;
  if (!/[\\/]ttg$/.test(program)) return shellLine(['node', program, ...rest]);
  return shellLine([...(env['npm_command'] === 'exec' ? ['npx'] : []), 'ttg', ...rest]);
}
