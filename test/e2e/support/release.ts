/** One release in a namespace of its own: install it, look at it from outside, and take it down again. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { V1Job, V1Pod } from '@kubernetes/client-node';
import { connect as connectBroker } from '../../../core/broker/connect.js';
import { loadConfig } from '../../../core/runtime/config.js';
import type { Broker } from '../../../core/broker/port.js';
import { readLedger, type Ledger } from '../../../core/ledger/ledger.js';
import { createLogger } from '../../../core/runtime/logger.js';
import { keepEvidence } from '../../../faults/cluster/namespace.js';
import { connect, type Kube } from '../../../ops/cluster/kube.js';
import { connectRelease } from '../../../ops/cluster/release.js';
import { CLUSTER, IMAGE_TAG, KUBECONFIG, OUT, ROOT } from './place.js';

const run = promisify(execFile);

export interface Ran {
  readonly status: number;
  readonly output: string;
}

export class Release implements AsyncDisposable {
  readonly name = 'ttg';
  readonly namespace: string;
  readonly kube: Kube;
  #failed = true;

  private constructor(namespace: string, kube: Kube) {
    this.namespace = namespace;
    this.kube = kube;
  }

  /** Makes the namespace, which admits only pods of the level `restricted`. */
  static async in(namespace: string): Promise<Release> {
    process.env.KUBECONFIG = KUBECONFIG;
    const release = new Release(namespace, connect({ name: CLUSTER }));
    await release.remove();
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await release.kube.core.createNamespace({ body: { metadata: { name: namespace, labels } } });
    return release;
  }

  async helm(...args: string[]): Promise<Ran> {
    return execute('helm', ['--kube-context', this.kube.context, '--namespace', this.namespace, ...args]);
  }

  async kubectl(...args: string[]): Promise<Ran> {
    return execute('kubectl', ['--context', this.kube.context, '--namespace', this.namespace, ...args]);
  }

  async script(name: string, ...args: string[]): Promise<Ran> {
    return execute(process.execPath, [
      `scripts/${name}.mjs`,
      '--name',
      CLUSTER,
      '--namespace',
      this.namespace,
      ...args,
    ]);
  }

  /** `helm install` or `helm upgrade`, as a user types it; a pair `key=@file` is the file's text. */
  async apply(verb: 'install' | 'upgrade', preset: string, ...sets: string[]): Promise<void> {
    const { status, output } = await this.helm(
      verb,
      this.name,
      './chart',
      '-f',
      `values/${preset}.yaml`,
      ...[`image.tag=${IMAGE_TAG}`, ...sets].flatMap(setFlag),
    );
    if (status !== 0) throw new Error(`helm ${verb} failed: ${output}`);
  }

  async pods(component: string): Promise<V1Pod[]> {
    return (
      await this.kube.core.listNamespacedPod({
        namespace: this.namespace,
        labelSelector: `ttg.io/component=${component}`,
      })
    ).items;
  }

  async workerJobs(): Promise<V1Job[]> {
    return (
      await this.kube.batch.listNamespacedJob({
        namespace: this.namespace,
        labelSelector: 'scaledjob.keda.sh/name=ttg-worker',
      })
    ).items;
  }

  /** Opens the broker to this process for as long as `body` runs. */
  async withBroker<T>(body: (broker: Broker, env: Record<string, string>) => Promise<T>): Promise<T> {
    const connection = await connectRelease({ kube: this.kube, namespace: this.namespace, release: this.name });
    try {
      const config = loadConfig({ ...connection.env, LOG_LEVEL: 'ERROR', POD_NAME: 'e2e' });
      await using broker = await connectBroker(config, createLogger(config, 'e2e', 2), AbortSignal.timeout(60_000));
      return await body(broker, connection.env);
    } finally {
      await connection.close();
    }
  }

  async ledger(runId: string): Promise<Ledger> {
    return this.withBroker((broker) => readLedger(() => broker.records(), runId));
  }

  /** The test went well: nothing needs to be kept for a look. */
  passed(): void {
    this.#failed = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#failed)
      await keepEvidence({ kube: this.kube, namespace: this.namespace, release: this.name }, join(OUT, this.namespace));
    await this.remove();
  }

  async remove(): Promise<void> {
    await this.helm('uninstall', this.name, '--wait', '--timeout', '60s');
    await execute('kubectl', [
      '--context',
      this.kube.context,
      'delete',
      'namespace',
      this.namespace,
      '--ignore-not-found',
      '--timeout=90s',
    ]);
  }
}

function setFlag(pair: string): string[] {
  const [key, file] = pair.split('=@');
  return file === undefined ? ['--set', pair] : ['--set-file', `${key}=${file}`];
}

export async function execute(program: string, args: string[], environment: Record<string, string> = {}): Promise<Ran> {
  try {
    const { stdout, stderr } = await run(program, args, {
      cwd: ROOT,
      maxBuffer: 1 << 26,
      env: { ...process.env, KUBECONFIG, ...environment },
    });
    return { status: 0, output: stdout + stderr };
  } catch (thrown) {
    const failed = thrown as { code?: number; stdout?: string; stderr?: string };
    return {
      status: typeof failed.code === 'number' ? failed.code : 1,
      output: `${failed.stdout ?? ''}${failed.stderr ?? ''}${failed.stdout === undefined ? String(thrown) : ''}`,
    };
  }
}
