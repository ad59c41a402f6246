/** The certificate of a run that a fault was played on: issued, written as it would be kept, read back, and held against the live log. */
import { expectedOf } from '../../../dist/compute/expected.js';
import {
  certificateSchema,
  certificateText,
  makeCertificate,
  readAccount,
} from '../../../dist/core/certificate/issue.js';
import { checkCertificate, differenceText } from '../../../dist/core/certificate/check.js';
import { Stop } from '../steps.mjs';

/**
 * @param {import('./types.mjs').Stage} stage of a finished run
 * @param {import('./types.mjs').Injection} injection
 * @returns {Promise<import('../../../dist/core/certificate/issue.js').Certificate>}
 * @throws Stop where the log does not say what the certificate of that same log says
 */
export async function certifyRun({ observer, env, backend }, injection) {
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
