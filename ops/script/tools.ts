/** The programs that scripts call: are they there, and what to do where they are not. */
import { which } from 'zx';
import type { Script } from './frame.js';
import { Stop, messageOf } from './stop.js';

const SOURCES = {
  docker: 'install Docker: https://docs.docker.com/engine/install/',
  kind: 'install kind 0.30 or later: https://kind.sigs.k8s.io/docs/user/quick-start/#installation',
  kubectl: 'install kubectl: https://kubernetes.io/docs/tasks/tools/',
  helm: 'install Helm 3.14 or later: https://helm.sh/docs/intro/install/',
};

export async function requireTools(script: Script, programs: Array<keyof typeof SOURCES>) {
  const missing: Array<keyof typeof SOURCES> = [];
  for (const name of programs) if (!(await which(name, { nothrow: true }))) missing.push(name);
  if (missing.length)
    throw new Stop(`not on the PATH: ${missing.join(', ')}`, missing.map((name) => SOURCES[name]).join('; '));
  if (programs.includes('docker')) await requireDocker(script);
}

async function requireDocker(script: Script) {
  try {
    await script.sh({ timeout: '20s' })`docker info --format ${'{{.ServerVersion}}'}`;
  } catch (thrown) {
    script.signal.throwIfAborted();
    throw new Stop(
      `the Docker engine does not answer: ${messageOf(thrown)}`,
      'start it (`sudo systemctl start docker`, or open Docker Desktop); if it runs, add yourself to the group docker',
    );
  }
}

/** Lines of a command's output, without empty ones. */
export async function lines(command: PromiseLike<{ stdout: string }>) {
  return (await command).stdout
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}
