/** What a program may print. */

/** A value may be so long as JSON text. */
export const MOST_VALUE_BYTES = 1024 * 1024;
