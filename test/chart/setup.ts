/** Before the chart tests: finds the helm that they render with. */
import type { TestProject } from 'vitest/node';
import { findHelm, type HelmMajor } from './support/find-helm.js';

declare module 'vitest' {
  export interface ProvidedContext {
    helmMajor: HelmMajor;
    helm: string;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const { program, version } = await findHelm(project.getProvidedContext().helmMajor);
  project.provide('helm', program);
  project.vitest.logger.log(`${project.name}: Helm ${version}, ${program}`);
}
