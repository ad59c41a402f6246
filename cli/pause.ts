/** `ttg pause`: KEDA starts no worker of a release any more, until `ttg resume --context`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '../core/runtime/errors.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { run } from './command.js';
import { fromRepository } from './repository.js';

/** Where a release is. */
export interface Cluster {
  readonly context?: string;
  readonly namespace: string;
  readonly release: string;
}

export const contextOption = (about: string): Option => new Option('--context <name>', about).argParser(given);
export const namespaceOption = (): Option =>
  new Option('-n, --namespace <name>', 'with --context: the namespace of the release')
    .default('default')
    .argParser(given);
export const releaseOption = (): Option =>
  new Option('--release <name>', 'with --context: the Helm release').default('ttg').argParser(given);

export function pauseCommand(): Command {
  return new Command('pause')
    .description(
      'on a cluster: KEDA starts no worker of a release any more; those that run go on, and what is queued stays queued',
    )
    .addOption(contextOption('the kubectl context of the cluster').makeOptionMandatory())
    .addOption(namespaceOption())
    .addOption(releaseOption())
    .action((cluster: Cluster) => run({}, (program) => pause(program, cluster)));
}

async function pause({ out }: Program, cluster: Cluster): Promise<number> {
  const { where, pausing } = await releaseAt(cluster, 'pause');
  const { name, before } = await told(() => pausing.pauseRelease(where));
  const { context, namespace, release } = cluster;
  await out.print(
    `ScaledJob ${name} ${before ? 'was paused before' : 'is paused: KEDA starts no worker any more, those that run go on'}. ` +
      `\`ttg resume --context ${context} -n ${namespace} --release ${release}\` takes that back\n`,
  );
  return 0;
}

/** `ttg resume --context`: takes the pause back, then ends the halt of the release's run. */
export async function resumeOnCluster(
  { stop, out }: Program,
  cluster: Cluster,
  { runId, force }: { readonly runId: string | undefined; readonly force: boolean },
): Promise<number> {
  const { where, pausing } = await releaseAt(cluster, 'resume --context');
  const print = (line: string): Promise<boolean> => out.print(`${line}\n`);
  return told(() => pausing.resumeRelease(where, { signal: stop, runId, force, print }));
}

async function releaseAt({ context, namespace, release }: Cluster, verb: string) {
  const load = () => Promise.all([import('../ops/cluster/pause.js'), import('../ops/cluster/release.js')]);
  const [pausing, { releaseOf }] = await fromRepository(load, verb);
  const where = await told(async () => releaseOf({ name: 'ttg', context, namespace, release }));
  return { where, pausing };
}

/** What scripts tell by a Stop, with its remedy, is a wrong setting to whoever typed the command. */
async function told<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (thrown) {
    if (!(thrown instanceof Error && thrown.name === 'Stop' && 'remedy' in thrown)) throw thrown;
    const remedy = typeof thrown.remedy === 'string' ? `: ${thrown.remedy}` : '';
    throw new ConfigError(thrown.message + remedy, { cause: thrown });
  }
}

function given(value: string): string {
  if (value !== '') return value;
  throw new InvalidArgumentError('Give a name.');
}
