/**
 * What a run must show after a fault: the digest of a run without one, and a certificate that holds against the live
 * log.
 */
import { builtin } from '../compute/builtin.js';
import { expectedOf } from '../compute/expected.js';
import { checkCertificate, differenceText } from '../core/certificate/check.js';
import {
  certificateSchema,
  certificateText,
  makeCertificate,
  readAccount,
  type Certificate,
} from '../core/certificate/issue.js';
import { Digest } from '../core/model/digest.js';
import { Stop } from '../ops/script/stop.js';
import type { Stage, Injection } from './types.js';

/**
 * @param total parameters 0 … total − 1
 * @param dead those that have no result
 */
export function referenceDigest(total: number, dead: readonly number[] = []): string {
  const digest = new Digest();
  for (let i = 0; i < total; i++) if (!dead.includes(i)) digest.add(i, builtin.compute(i));
  return digest.toString();
}

/**
 * @param stage of a finished run
 * @throws Stop where the log does not say what the certificate of that same log says
 */
export async function certifyRun({ observer, env, backend }: Stage, injection: Injection): Promise<Certificate> {
  const runId = String(env.RUN_ID);
  const records = () => observer.records();
  const account = await readAccount(records, runId);
  if (!account.ledger.plan) throw new Stop(`the log holds no plan of ${runId}`);
  const issued = makeCertificate(
    account,
    { backend, injected: [{ ...injection }], release: env.TTG_VERSION ?? '', image: env.TTG_IMAGE ?? '' },
    expectedOf(account.ledger),
  );
  const kept = certificateSchema.parse(JSON.parse(certificateText(issued)));
  const { differences } = checkCertificate(kept, await readAccount(records, runId, kept.intervals));
  if (differences.length > 0)
    throw new Stop(`the certificate does not hold: ${differences.map(differenceText).join('; ')}`);
  return kept;
}
