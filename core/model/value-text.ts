/**
 * The canonical text of a value, which its digest is made of and in which it travels: RFC 8785 with the numbers NaN,
 * Infinity and -Infinity spelled as such. No JSON text has these words outside of quotes, so no other value has the
 * same text; Python's json module writes and reads them alike.
 *
 * An object of three columns takes 0.25 µs where its numbers are short, 0.5 µs where they have 17 digits.
 */

/** Bytes of the canonical text. A value is a row of a table; what is larger belongs into a file of the user's. */
export const MAX_VALUE_BYTES = 1024 * 1024;

/** Lists and objects within each other. */
export const MAX_VALUE_DEPTH = 100;

const KINDS = 'a value is a number, text, true, false, null, or a list or an object of these';

/** What was computed is no value. Computing it again will not help. */
export class UnfitValue extends Error {
  override readonly name = 'UnfitValue';
  readonly retryable = false;
}

/** Where a part of the value stands: only lists and objects have such a place, so that flat values cost none. */
interface Place {
  readonly within: Place | undefined;
  readonly step: string | number;
  readonly depth: number;
}

/**
 * @param name what messages call it: `value`
 * @throws UnfitValue naming the place within: `value.loss[3]`
 */
export function valueText(value: unknown, name = 'value'): string {
  const text = textOf(value, undefined, name);
  if (text.length > MAX_VALUE_BYTES / 3 && Buffer.byteLength(text) > MAX_VALUE_BYTES) throw tooLarge(name);
  return text;
}

function textOf(value: unknown, within: Place | undefined, step: string | number): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (typeof value === 'string') return quoted(value, within, step);
  if (Array.isArray(value)) return listText(value, placeOf(within, step));
  if (typeof value === 'object') return objectText(value, placeOf(within, step));
  throw unfit(within, step, `is ${kindOf(value)}: ${KINDS}`);
}

function listText(list: readonly unknown[], place: Place): string {
  let text = '[';
  // By index: what a list leaves out is undefined.
  for (let i = 0; i < list.length; i++) {
    text += i === 0 ? textOf(list[i], place, i) : `,${textOf(list[i], place, i)}`;
    if (text.length > MAX_VALUE_BYTES) throw tooLarge(pathOf(place));
  }
  return `${text}]`;
}

function objectText(object: object, place: Place): string {
  // Plain objects of another realm are plain too.
  const prototype = Object.getPrototypeOf(object) as object | null;
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw unfit(place.within, place.step, `is ${kindOf(object)}: ${KINDS}`);
  const names = Object.keys(object);
  for (let i = 1; i < names.length; i++) {
    if ((names[i - 1] as string) < (names[i] as string)) continue;
    // By UTF-16 code units, as the RFC has it.
    names.sort((a, b) => (a < b ? -1 : 1));
    break;
  }
  let text = '';
  for (const name of names) {
    const field = textOf((object as Record<string, unknown>)[name], place, name);
    text += `${text === '' ? '{' : ','}${quoted(name, place, name)}:${field}`;
    if (text.length > MAX_VALUE_BYTES) throw tooLarge(pathOf(place));
  }
  return text === '' ? '{}' : `${text}}`;
}

const HALF = 'make it whole (JavaScript: text.toWellFormed(), Python: text.encode("utf-8", "replace").decode())';
/** Text that is the same between quotes as outside. */
const PLAIN = /^[^"\\\u0000-\u001f\ud800-\udfff]*$/;
/** By whole characters: only halves of one are surrogates then. */
const LONE = /\p{Surrogate}/u;

function quoted(text: string, within: Place | undefined, step: string | number): string {
  if (text.length > MAX_VALUE_BYTES) throw tooLarge(pathOf({ within, step }));
  if (PLAIN.test(text)) return `"${text}"`;
  const at = text.search(LONE);
  if (at < 0) return JSON.stringify(text);
  const what = `holds half of a character at position ${at} (a lone surrogate), which UTF-8 cannot say`;
  throw unfit(within, step, `${what}: ${HALF}`);
}

function placeOf(within: Place | undefined, step: string | number): Place {
  const depth = (within?.depth ?? 0) + 1;
  if (depth > MAX_VALUE_DEPTH) {
    const top = pathOf({ within, step }).slice(0, 60);
    throw new UnfitValue(`${top}… is nested deeper than ${MAX_VALUE_DEPTH} lists and objects: make the value flatter`);
  }
  return { within, step, depth };
}

/** As JavaScript has it: `value.loss[3]["a b"]`. */
function pathOf({ within, step }: Pick<Place, 'within' | 'step'>): string {
  if (!within) return String(step);
  const path = pathOf(within);
  if (typeof step === 'number') return `${path}[${step}]`;
  return /^[\p{L}_$][\p{L}\p{N}_$]{0,80}$/u.test(step)
    ? `${path}.${step}`
    : `${path}[${JSON.stringify(step.slice(0, 80))}]`;
}

function unfit(within: Place | undefined, step: string | number, what: string): UnfitValue {
  return new UnfitValue(`${pathOf({ within, step })} ${what}`);
}

function tooLarge(path: string): UnfitValue {
  return new UnfitValue(
    `${path} takes more than ${MAX_VALUE_BYTES} bytes as JSON, the limit of a value: keep less of it, or write it to a ` +
      'file or store of your own and give its name as the value',
  );
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (typeof value === 'bigint') return 'a bigint, which JSON does not have (use Number(…) or String(…))';
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  const { constructor } = value as { constructor?: unknown };
  const name = typeof constructor === 'function' && constructor.name ? constructor.name : 'class instance';
  return ArrayBuffer.isView(value) ? `a ${name} (use Array.from(…))` : `a ${name}`;
}
