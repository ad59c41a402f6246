/** `ttg bundle`: a module with all it imports as one text, as `ttg run` makes it, for a cluster's values. */
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { inPlace } from '../core/runtime/folders.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { fromRepository } from './repository.js';
import { run } from './command.js';

export function bundleCommand(): Command {
  return new Command('bundle')
    .description('makes one JavaScript text of a module and all that it imports, for --set-file computation.source=…')
    .argument('<file>', 'a module in TypeScript or JavaScript that exports `compute`')
    .option('--out <file>', 'where the text goes (default: standard output)')
    .addHelpText(
      'after',
      `
\`ttg run\` does this by itself. JavaScript that imports nothing but Node's own modules stays as it is.

Example:
  $ ttg bundle model.ts --out build/model.mjs
  $ helm install heat ./chart -f heat.yaml --set-file computation.source=build/model.mjs`,
    )
    .action((file: string, { out }: { out?: string }) => run({}, (program) => bundle(program, file, out)));
}

async function bundle({ out }: Program, file: string, target: string | undefined): Promise<number> {
  const { bundleModule } = await fromRepository(() => import('../ops/here/module.js'), 'bundle');
  const text = await bundleModule(file);
  if (target === undefined) {
    await out.print(text);
    return 0;
  }
  inPlace(`--out ${target}`, () => writeFileSync(target, text));
  return 0;
}
