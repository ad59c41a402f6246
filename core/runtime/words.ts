/** Numbers in sentences. */

/** `1 chunk`, `1,000 chunks`. */
export const plural = (n: number, word: string): string => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;

/** The same without separators, for what programs read too. */
export const counted = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** `parameter 6`, `parameters 6–9`. */
export const parametersText = ({ start, end }: { readonly start: number; readonly end: number }): string =>
  start === end ? `parameter ${start}` : `parameters ${start}–${end}`;
