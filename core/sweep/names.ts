/** Names of columns: which are allowed, and what a name was that YAML took for a truth value. */
import { Fault, show, type Path } from './fault.js';

/** Placeholders of a command that are no columns. */
export const RESERVED = ['index', 'source', 'json'] as const;

const LONGEST = 200;

export function checkName(name: unknown, path: Path): string {
  const of = (what: string): Fault => new Fault(path, `names a column ${show(name)}: ${what}`);
  if (typeof name === 'boolean')
    throw of('an unquoted y, n, yes, no, on, off, true or false is a truth value in YAML. Put the name in quotes');
  if (typeof name !== 'string') throw of('give a text');
  if (name.trim() === '') throw of('it is empty. Name it');
  if (name.length > LONGEST) throw of(`it has more than ${LONGEST} characters. Shorten it`);
  if (name.trim() !== name) throw of('white space at its ends would be hard to see. Take it away');
  if (/[{}\u0000-\u001f\u007f]/.test(name)) throw of('braces and control characters cannot be part of a placeholder');
  if ((RESERVED as readonly string[]).includes(name) || name === '__proto__')
    throw of(`${RESERVED.join(', ')} and __proto__ mean something else. Take another name`);
  return name;
}

/** What YAML 1.1, and so Helm, reads as true and as false where it stands without quotes. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  true: ['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'True', 'TRUE', 'true'],
  false: ['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'False', 'FALSE', 'false'],
};

/**
 * Helm reads the key of `n: [64, 128]` as `false`. Where the command has the placeholder `{n}`, that was meant.
 * @param used placeholders of the command
 */
export function meantName(name: string, used: ReadonlySet<string>, path: Path): string {
  const spellings = SPELLINGS[name];
  if (!spellings) return name;
  const meant = spellings.filter((each) => used.has(each));
  if (meant.length === 1) return meant[0] as string;
  throw new Fault(
    path,
    `is a column called ${name}, which is how YAML reads an unquoted ${spellings.slice(0, -1).join(', ')}: ` +
      `put the name in quotes, for example "${spellings[0]}": [64, 128], and take one that is no truth value if it was none of these`,
  );
}
