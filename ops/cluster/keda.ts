/** KEDA in a cluster: from its chart, or from a manifest where the chart repository is out of reach. */
import type { Script } from '../script/frame.js';
import { Stop } from '../script/stop.js';
import { waitFor } from '../script/wait.js';
import { orAbsent, type Kube, deploymentState } from './kube.js';

/** The minor version that the end-to-end tests run against. */
const KEDA_CHART_VERSION = '2.21.1';

const REPOSITORY = 'https://kedacore.github.io/charts';

/**
 * Installs KEDA unless its operator is there already; then waits until it is available and serves ScaledJobs.
 * Safe to repeat: both ways of installing complete what an interrupted one began.
 */
export async function ensureKeda(script: Script, kube: Kube) {
  const operator = await orAbsent(kube.apps.readNamespacedDeployment({ namespace: 'keda', name: 'keda-operator' }));
  if (!operator || !(await servesScaledJobs(kube))) await install(script, kube);
  await waitKeda(script, kube);
}

async function install(script: Script, kube: Kube) {
  const manifest = process.env.TTG_KEDA_MANIFEST;
  if (manifest) {
    await script.step(
      `installing KEDA from ${manifest}`,
      () => script.sh`kubectl --context ${kube.context} apply --server-side -f ${manifest}`,
    );
    return;
  }
  await script.step(`installing KEDA ${KEDA_CHART_VERSION} from ${REPOSITORY}`, async () => {
    try {
      await script.sh`helm --kube-context ${kube.context} upgrade --install keda keda --repo ${REPOSITORY} --version ${KEDA_CHART_VERSION} --namespace keda --create-namespace`;
    } catch (thrown) {
      script.signal.throwIfAborted();
      const said = String((thrown as { stderr?: string }).stderr ?? thrown).trim();
      throw new Stop(
        `helm could not install KEDA: ${said}`,
        'without access to the chart repository, download https://github.com/kedacore/keda/releases (keda-X-core.yaml) and set TTG_KEDA_MANIFEST=FILE',
      );
    }
  });
}

export async function waitKeda(script: Script, kube: Kube) {
  const remedy = `see \`kubectl --context ${kube.context} -n keda get pods\` and the operator's log`;
  await script.step("waiting for KEDA's operator", (say) =>
    waitFor(
      async () => {
        const operator = await deploymentState(kube, 'keda', 'keda-operator');
        if (!operator.done) return operator;
        return { done: await servesScaledJobs(kube), state: 'available, but ScaledJobs are not served yet' };
      },
      { what: "KEDA's operator", seconds: 180, signal: script.signal, say, remedy },
    ),
  );
}

export async function servesScaledJobs(kube: Kube): Promise<boolean> {
  const list = kube.custom.listClusterCustomObject({
    group: 'keda.sh',
    version: 'v1alpha1',
    plural: 'scaledjobs',
    limit: 1,
  });
  return (await orAbsent(list)) !== undefined;
}
