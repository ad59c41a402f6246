/** The logs of a static Job's pods, read from inside the cluster with the test pod's own, narrow rights. */
import type { Config } from '../core/config.js';
import { inClusterApi } from '../core/incluster.js';

interface PodList {
  readonly items: readonly { readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> } }[];
}

/** Lines of every pod of the Job, retried ones included; a pod whose log is gone contributes none. */
export async function* podLogs(config: Config): AsyncIterable<{ line: string; position: string }> {
  const api = inClusterApi();
  const pods = `/api/v1/namespaces/${config.POD_NAMESPACE}/pods`;
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${config.STATIC_JOB_NAME}`);
  const list = JSON.parse(await api.get(`${pods}?labelSelector=${selector}`)) as PodList;
  for (const { metadata } of list.items) {
    let text: string;
    try {
      text = await api.get(`${pods}/${metadata.name}/log`);
    } catch {
      continue; // not started yet, or rotated away: its parameters come out as missing
    }
    let n = 0;
    for (const line of text.split('\n')) yield { line, position: `${metadata.name}:${++n}` };
  }
}
