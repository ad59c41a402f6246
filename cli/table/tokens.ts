/** The words of a condition. */

export interface Token {
  readonly kind: 'name' | 'quoted-name' | 'number' | 'text' | 'sign';
  readonly text: string;
  /** Place in the condition, 0-based. */
  readonly at: number;
}

const KINDS = [
  ['number', /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?Infinity\b/y],
  ['name', /[\p{L}_][\p{L}\p{N}_.]*/uy],
  ['sign', /==|!=|<>|<=|>=|&&|\|\||[=<>!()]/y],
] as const;

/** @param fault makes the error for what stands at a place */
export function tokensOf(text: string, fault: (at: number, what: string) => Error): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    const character = text[at] as string;
    if (/\s/.test(character)) {
      at++;
      continue;
    }
    const token = '"\'`'.includes(character) ? quoted(text, at, fault) : plain(text, at);
    if (!token) throw fault(at, `${character} means nothing in a condition`);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

/** Texts in single or double quotes, names with spaces in backticks. A backslash takes what follows as it is. */
function quoted(text: string, at: number, fault: (at: number, what: string) => Error): Token & { end: number } {
  const quote = text[at] as string;
  let inner = '';
  for (let next = at + 1; next < text.length; next++) {
    if (text[next] === quote) return { kind: quote === '`' ? 'quoted-name' : 'text', text: inner, at, end: next + 1 };
    if (text[next] === '\\') next++;
    inner += text[next] ?? '';
  }
  throw fault(at, `the text that begins here has no closing ${quote}`);
}

function plain(text: string, at: number): (Token & { end: number }) | undefined {
  for (const [kind, pattern] of KINDS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return { kind, text: found[0], at, end: pattern.lastIndex };
  }
  return undefined;
}
