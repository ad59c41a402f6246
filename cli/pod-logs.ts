/** The logs of a static Job's pods, read from inside the cluster with the test pod's own, narrow rights. */
import type { Config } from '../core/runtime/config.js';
import { inClusterApi, KubeError, type KubeApi } from '../core/runtime/incluster.js';

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly phase?: string };
  }[];
}

const podsPath = (config: Config): string => `/api/v1/namespaces/${config.POD_NAMESPACE}/pods`;

async function listPods(api: KubeApi, config: Config): Promise<PodList> {
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${config.STATIC_JOB_NAME}`);
  return JSON.parse(await api.get(`${podsPath(config)}?labelSelector=${selector}`)) as PodList;
}

/** Whether a pod of the Job is pending or running, or none was made yet. */
export async function podsAreActive(config: Config): Promise<boolean> {
  const { items } = await listPods(inClusterApi(), config);
  return items.length === 0 || items.some(({ status }) => status.phase !== 'Succeeded' && status.phase !== 'Failed');
}

/** Lines of every pod of the Job, retried ones included; a pod whose log is gone contributes none. */
export async function* podLogs(config: Config): AsyncIterable<{ line: string; position: string }> {
  const api = inClusterApi();
  for (const { metadata } of (await listPods(api, config)).items) {
    let text: string;
    try {
      text = await api.get(`${podsPath(config)}/${metadata.name}/log`);
    } catch (error) {
      // Not started yet, or gone: its parameters come out as missing. Anything else says nothing about the log.
      if (!(error instanceof KubeError) || (error.status !== 400 && error.status !== 404)) throw error;
      continue;
    }
    let n = 0;
    for (const line of text.split('\n')) yield { line, position: `${metadata.name}:${++n}` };
  }
}
