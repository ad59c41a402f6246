/** KEDA in a cluster: from its chart, or from a manifest where the chart repository is out of reach. */
import { orAbsent } from './kube.mjs';
import { Stop } from './steps.mjs';
import { deploymentState, waitFor } from './wait.mjs';

/** The minor version that the end-to-end tests run against. */
export const KEDA_CHART_VERSION = '2.21.1';
const REPOSITORY = 'https://kedacore.github.io/charts';

/**
 * Installs KEDA unless its operator is there already; then waits until it is available and serves ScaledJobs.
 * Safe to repeat: both ways of installing complete what an interrupted one began.
 * @param {import('./steps.mjs').Run} run
 * @param {import('./kube.mjs').Kube} kube
 */
export async function ensureKeda(run, kube) {
  const operator = await orAbsent(kube.apps.readNamespacedDeployment({ namespace: 'keda', name: 'keda-operator' }));
  if (!operator || !(await servesScaledJobs(kube))) await install(run, kube);
  await waitKeda(run, kube);
}

/**
 * @param {import('./steps.mjs').Run} run
 * @param {import('./kube.mjs').Kube} kube
 */
async function install(run, kube) {
  const manifest = process.env.TTG_KEDA_MANIFEST;
  if (manifest) {
    await run.step(
      `installing KEDA from ${manifest}`,
      () => run.sh`kubectl --context ${kube.context} apply --server-side -f ${manifest}`,
    );
    return;
  }
  await run.step(`installing KEDA ${KEDA_CHART_VERSION} from ${REPOSITORY}`, async () => {
    try {
      await run.sh`helm --kube-context ${kube.context} upgrade --install keda keda --repo ${REPOSITORY} --version ${KEDA_CHART_VERSION} --namespace keda --create-namespace`;
    } catch (thrown) {
      run.signal.throwIfAborted();
      const said = String(/** @type {{ stderr?: string }} */ (thrown).stderr ?? thrown).trim();
      throw new Stop(
        `helm could not install KEDA: ${said}`,
        'without access to the chart repository, download https://github.com/kedacore/keda/releases (keda-X-core.yaml) and set TTG_KEDA_MANIFEST=FILE',
      );
    }
  });
}

/**
 * @param {import('./steps.mjs').Run} run
 * @param {import('./kube.mjs').Kube} kube
 */
export async function waitKeda(run, kube) {
  const remedy = `see \`kubectl --context ${kube.context} -n keda get pods\` and the operator's log`;
  await run.step("waiting for KEDA's operator", (say) =>
    waitFor(
      async () => {
        const operator = await deploymentState(kube, 'keda', 'keda-operator');
        if (!operator.done) return operator;
        return { done: await servesScaledJobs(kube), state: 'available, but ScaledJobs are not served yet' };
      },
      { what: "KEDA's operator", seconds: 180, signal: run.signal, say, remedy },
    ),
  );
}

/**
 * @param {import('./kube.mjs').Kube} kube
 * @returns {Promise<boolean>}
 */
export async function servesScaledJobs(kube) {
  const list = kube.custom.listClusterCustomObject({
    group: 'keda.sh',
    version: 'v1alpha1',
    plural: 'scaledjobs',
    limit: 1,
  });
  return (await orAbsent(list)) !== undefined;
}
