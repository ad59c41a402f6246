/** Which cluster the end-to-end tests use, and where they write what a failure leaves behind. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const CLUSTER = process.env.TTG_E2E_CLUSTER || 'ttg-e2e';
/** Tag of the image that is built, loaded and installed: of its own where several people share a cluster. */
export const IMAGE_TAG =
  process.env.TTG_E2E_IMAGE_TAG ||
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
export const OUT = join(ROOT, 'out', 'e2e');
/** Not the user's own: a test must not change which cluster kubectl talks to. */
export const KUBECONFIG = join(OUT, `kubeconfig-${CLUSTER}`);
