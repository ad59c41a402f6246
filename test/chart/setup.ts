/** Before the chart's tests: the helm that they render with. */
import type { TestProject } from 'vitest/node';
import { findHelm, type Helm, type HelmMajor } from './support/find-helm.js';

declare module 'vitest' {
  export interface ProvidedContext {
    helmMajor: HelmMajor;
    helm: Helm;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const helm = await findHelm(project.getProvidedContext().helmMajor);
  project.provide('helm', helm);
  process.stderr.write(`${project.name}: helm ${helm.version} (${helm.path})\n`);
}
