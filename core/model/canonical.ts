/** JSON that is the same text for the same value, whatever the order in which its fields were set: RFC 8785. */

/**
 * Fields in the order of their UTF-16 code units, those that are undefined left out, no white space; numbers and text
 * as JSON.stringify writes them, which is what RFC 8785 asks for.
 * @throws TypeError for what JSON cannot say: a number that is not finite, a bigint, a function
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
    return `{${fields.join(',')}}`;
  }
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || isNumber)
    return JSON.stringify(value);
  throw new TypeError(`a ${typeof value}${typeof value === 'number' ? ` (${value})` : ''} has no canonical JSON`);
}
