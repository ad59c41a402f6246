/** Fields of a certificate, each with what it says. */
import * as z from 'zod/mini';

export const count = (what: string) => z.number().check(z.int(), z.gte(0), z.describe(what));
export const text = (what: string) => z.string().check(z.describe(what));
export const digest = (what: string) => z.string().check(z.regex(/^[0-9a-f]{32}$/), z.describe(what));
