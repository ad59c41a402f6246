/** The programs that scripts call: are they there, and what to do where they are not. */
import { which } from 'zx';
import { messageOf, Stop } from './steps.mjs';

const SOURCES = {
  docker: 'install Docker: https://docs.docker.com/engine/install/',
  kind: 'install kind 0.30 or later: https://kind.sigs.k8s.io/docs/user/quick-start/#installation',
  kubectl: 'install kubectl: https://kubernetes.io/docs/tasks/tools/',
  helm: 'install Helm 3.14 or later: https://helm.sh/docs/intro/install/',
};

/**
 * @param {import('./steps.mjs').Run} run
 * @param {Array<keyof typeof SOURCES>} programs
 */
export async function requireTools(run, programs) {
  /** @type {Array<keyof typeof SOURCES>} */
  const missing = [];
  for (const name of programs) if (!(await which(name, { nothrow: true }))) missing.push(name);
  if (missing.length)
    throw new Stop(`not on the PATH: ${missing.join(', ')}`, missing.map((name) => SOURCES[name]).join('; '));
  if (programs.includes('docker')) await requireDocker(run);
}

/** @param {import('./steps.mjs').Run} run */
async function requireDocker(run) {
  try {
    await run.sh({ timeout: '20s' })`docker info --format ${'{{.ServerVersion}}'}`;
  } catch (thrown) {
    run.signal.throwIfAborted();
    throw new Stop(
      `the Docker engine does not answer: ${messageOf(thrown)}`,
      'start it (`sudo systemctl start docker`, or open Docker Desktop); if it runs, add yourself to the group docker',
    );
  }
}

/**
 * Lines of a command's output, without empty ones.
 * @param {PromiseLike<{ stdout: string }>} command
 */
export async function lines(command) {
  return (await command).stdout
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}
