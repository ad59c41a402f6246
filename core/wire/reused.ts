/** Results that were taken from another run say so in place of their worker: no name of a pod has a colon. */
const MARK = 'reused:';

export const reusedBy = (runId: string): string => MARK + runId;

/** @returns the run that the result was taken from; undefined where a worker computed it */
export function reusedFrom(workerId: string): string | undefined {
  return workerId.startsWith(MARK) ? workerId.slice(MARK.length) : undefined;
}
