/** A sweep document within a plan record: JSON, compressed by raw deflate, in base64. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod/mini';
import type { SweepDocument } from '../model/sweep.js';

/** A document of a log is as large as somebody made it; unpacked, it is in memory. */
const MOST_BYTES = 64 * 1024 * 1024;

export function packDocument(document: SweepDocument): string {
  return deflateRawSync(JSON.stringify(document)).toString('base64');
}

const shape = z.object({
  parameters: z.record(z.string(), z.unknown()),
  computation: z.optional(z.record(z.string(), z.unknown())),
  source: z.optional(z.string()),
  table: z.optional(z.string()),
});

/** Text → document, as a part of a schema. Which columns it has is for core/sweep to say. */
export const packedDocument = z.pipe(
  z.transform((packed: unknown, context) => {
    try {
      const json = inflateRawSync(Buffer.from(String(packed), 'base64'), { maxOutputLength: MOST_BYTES });
      return JSON.parse(json.toString('utf8')) as unknown;
    } catch (error) {
      context.issues.push({
        code: 'custom',
        message: `no packed document: ${(error as Error).message}`,
        input: packed,
      });
      return z.NEVER;
    }
  }),
  shape,
);
