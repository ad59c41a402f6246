/** The sweep that the environment names. Apart from what reads one, which whoever has none does not load. */
import type { Sweep } from '../model/sweep.js';

/** @returns undefined without one */
export async function sweepOfConfig({ SWEEP_FILE }: { readonly SWEEP_FILE: string }): Promise<Sweep | undefined> {
  if (SWEEP_FILE === '') return undefined;
  const { readSweep } = await import('./read.js');
  return readSweep(SWEEP_FILE);
}
