#!/usr/bin/env node
/** Writes docs/certificate.schema.json from the schema that the program uses: `npm run schema`, after a build. */
import { writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { certificateSchema } from '../../dist/core/certificate/issue.js';

writeFileSync(
  new URL('../../docs/certificate.schema.json', import.meta.url),
  `${JSON.stringify(z.toJSONSchema(certificateSchema), null, 2)}\n`,
);
