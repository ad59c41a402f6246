/**
 * Wakes KEDA: a ScaledJob that was created before its broker answered waits in the operator's error back-off, which
 * doubles (controllers/keda/scaledjob_controller.go: the scaler dials when it is built). A changed value of the paused
 * annotation passes the controller's predicate (controllers/keda/util/predicate.go) and is reconciled at once; "false"
 * and "0" both mean "not paused", so alternating between them changes nothing else.
 */
import type { Config } from '../core/runtime/config.js';
import { asError } from '../core/runtime/errors.js';
import type { KubeApi } from '../core/runtime/incluster.js';
import type { Logger } from '../core/runtime/logger.js';

const PAUSED = 'autoscaling.keda.sh/paused';

interface ScaledJob {
  readonly metadata: { readonly annotations?: Record<string, string> };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Never fails the seeding: without it the first worker comes later, not never. */
export async function wakeScaler(config: Config, log: Logger, api: () => KubeApi): Promise<void> {
  if (!config.SCALED_JOB_NAME) return;
  const path = `/apis/keda.sh/v1alpha1/namespaces/${config.POD_NAMESPACE}/scaledjobs/${config.SCALED_JOB_NAME}`;
  try {
    const kube = api();
    const scaledJob = JSON.parse(await kube.get(path)) as ScaledJob;
    if (scaledJob.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True')) return;
    const paused = scaledJob.metadata.annotations?.[PAUSED];
    // Someone paused it on purpose: that is not ours to undo.
    if (paused !== undefined && paused !== 'false' && paused !== '0')
      return log.warn({ scaled_job: config.SCALED_JOB_NAME }, 'the ScaledJob is paused');
    await kube.patch(path, { metadata: { annotations: { [PAUSED]: paused === 'false' ? '0' : 'false' } } });
    log.info({ scaled_job: config.SCALED_JOB_NAME }, 'woke the scaler');
  } catch (thrown) {
    log.warn({ error: asError(thrown).message }, 'could not wake the scaler: the first worker may come later');
  }
}
