/** How a record says where its values lie, and how objects with values are named: by their run and their content. */
import * as z from 'zod/mini';
import type { ValuesAt } from './records.js';

const SHA256 = /^[0-9a-f]{64}$/;

/** No part begins with a dot: whatever a log says, nobody looks outside of the store. */
export const OBJECT_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}(\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){0,9}$/;

export const valuesAtWire = z.object({
  store: z.enum(['directory', 's3']),
  name: z.string().check(z.regex(OBJECT_NAME)),
  bytes: z.number().check(z.int(), z.gte(0)),
  sha256: z.string().check(z.regex(SHA256)),
});

/** Spread over 256 folders: a run of a million chunks has as many objects. */
export function objectName(runId: string, sha256: string): string {
  return `${runId}/${sha256.slice(0, 2)}/${sha256}`;
}

/** What the schema accepts, see by-hand.ts; undefined for anything else. */
export function valuesAtByHand(value: unknown): ValuesAt | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { store, name, bytes, sha256 } = value as Record<keyof ValuesAt, unknown>;
  if (store !== 'directory' && store !== 's3') return undefined;
  if (typeof name !== 'string' || !OBJECT_NAME.test(name)) return undefined;
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) return undefined;
  return typeof sha256 === 'string' && SHA256.test(sha256) ? { store, name, bytes, sha256 } : undefined;
}
