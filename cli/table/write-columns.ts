/**
 * Rows as columns for the eye. On a terminal they are as wide as it is: long texts are cut, and columns that find no
 * room are left out and named below; numbers are never cut. Elsewhere everything stands in full.
 */
import { groupsOf } from '../../core/runtime/groups.js';
import { ATTEMPTS, ERROR, INDEX, STATUS, type Column } from '../../core/table/columns.js';
import type { Row } from '../../core/table/table.js';
import { cell, ROWS_AT_ONCE, type WriteRows } from './write-text.js';

export interface Terminal {
  readonly columns: number;
  readonly hasColors: boolean;
}

/** undefined where nobody looks: a pipe or a file. */
export function terminalOf(stream: NodeJS.WriteStream): Terminal | undefined {
  return stream.isTTY ? { columns: stream.columns, hasColors: stream.hasColors() } : undefined;
}

const GAP = '  ';
/** A text is cut to no less: first with all columns, then without those that say least. */
const [READABLE, LEAST] = [20, 8];
const [BOLD, RED, YELLOW, DIM] = ['1', '31', '33', '2'];
const COLORS: Readonly<Record<string, string>> = { dead: RED, missing: YELLOW };

/** The first rows say how wide the columns are; a number that is wider later pushes its line. */
export function columnsWriter(terminal: Terminal | undefined): WriteRows {
  return async (rows, columns, out) => {
    let layout: Layout | undefined;
    for (const some of groupsOf(rows, ROWS_AT_ONCE)) {
      const texts = some.map((row) => row.map(oneLine));
      const head = layout === undefined;
      layout ??= new Layout(columns, texts, terminal);
      const lines = texts.map((row) => (layout as Layout).line(row));
      if (!(await out.print(`${[...(head ? [layout.header()] : []), ...lines].join('\n')}\n`))) return;
    }
    layout ??= new Layout(columns, [], terminal);
    const isEmpty = layout.isEmpty;
    await out.print(`${isEmpty ? `${layout.header()}\n` : ''}${layout.footer()}`);
  };
}

const oneLine = (value: Row[number]): string => cell(value).replace(/[\s\p{Cc}]+/gu, ' ');

class Layout {
  readonly isEmpty: boolean;
  readonly #columns: readonly Column[];
  readonly #terminal: Terminal | undefined;
  #widths: number[];
  /** Places of the columns that are shown. */
  readonly #shown: readonly number[];

  constructor(columns: readonly Column[], texts: readonly (readonly string[])[], terminal: Terminal | undefined) {
    this.isEmpty = texts.length === 0;
    this.#columns = columns;
    this.#terminal = terminal;
    const filled = columns.map((_, i) => texts.some((row) => row[i] !== ''));
    this.#widths = columns.map(({ name }, i) =>
      texts.reduce((most, row) => Math.max(most, widthOf(row[i] ?? '')), widthOf(name)),
    );
    this.#shown = terminal ? this.#fit(terminal.columns, filled) : [...columns.keys()];
  }

  header(): string {
    const names = this.#shown.map((i) => this.#padded(this.#columns[i]?.name ?? '', i));
    return this.#painted(BOLD, names.join(GAP).trimEnd());
  }

  line(texts: readonly string[]): string {
    const parts = this.#shown.map((i) => {
      const text = this.#padded(texts[i] ?? '', i);
      const color = this.#columns[i]?.name === STATUS.name ? COLORS[texts[i] ?? ''] : undefined;
      return color === undefined ? text : this.#painted(color, text);
    });
    return parts.join(GAP).trimEnd();
  }

  /** Names what found no room. */
  footer(): string {
    const left = this.#columns.filter((_, i) => !this.#shown.includes(i)).map(({ name }) => name);
    if (left.length === 0) return '';
    return `${this.#painted(DIM, `not shown: ${left.join(', ')} (a wider terminal, or --out FILE.csv)`)}\n`;
  }

  /** Cuts the longest texts, and leaves columns out: first those that say least, then from the right. */
  #fit(room: number, filled: readonly boolean[]): number[] {
    const shown = [...this.#columns.keys()];
    const whole = [...this.#widths];
    const excess = (): number => shown.reduce((sum, i) => sum + this.#width(i) + GAP.length, -GAP.length) - room;
    const rank = (i: number): number => {
      const name = this.#columns[i]?.name;
      if (name === INDEX.name || name === STATUS.name) return 5;
      if (name === ATTEMPTS.name) return 1;
      return filled[i] ? (name === ERROR.name ? 4 : 3) : 2;
    };
    const leaveOut = (most: number): void => {
      while (excess() > 0) {
        const last = shown.reduce((least, i) => (rank(i) <= rank(least) ? i : least), shown[0] ?? 0);
        if (rank(last) > most) return;
        shown.splice(shown.indexOf(last), 1);
      }
    };
    this.#cut(shown, excess(), READABLE);
    leaveOut(2);
    this.#cut(shown, excess(), LEAST);
    leaveOut(4);
    // What was left out last may have been wider than what was lacking.
    this.#widths = [...whole];
    this.#cut(shown, excess(), LEAST);
    return shown;
  }

  #cut(shown: readonly number[], excess: number, to: number): void {
    const texts = shown.filter((i) => !isNumeric(this.#columns[i]));
    for (let left = excess; left > 0; left--) {
      const widest = texts.reduce((most, i) => (this.#width(i) > this.#width(most) ? i : most), texts[0] ?? 0);
      if (this.#width(widest) <= Math.max(to, widthOf(this.#columns[widest]?.name ?? ''))) return;
      this.#widths[widest] = this.#width(widest) - 1;
    }
  }

  #padded(text: string, i: number): string {
    const most = this.#width(i);
    const isNumber = isNumeric(this.#columns[i]);
    const shown = this.#terminal && !isNumber ? shortened(text, most) : text;
    const padding = ' '.repeat(Math.max(0, most - widthOf(shown)));
    return isNumber ? padding + shown : shown + padding;
  }

  #painted(color: string, text: string): string {
    return this.#terminal?.hasColors ? `\u001B[${color}m${text}\u001B[0m` : text;
  }

  #width(i: number): number {
    return this.#widths[i] ?? 0;
  }
}

function isNumeric(column: Column | undefined): boolean {
  return column?.type === 'integer' || column?.type === 'double';
}

const ASCII = /^[\x20-\x7E]*$/;
/** Takes two places: emoji, and the scripts of East Asia. */
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/u;
const NONE = /^[\p{M}\p{Cf}]$/u;

/** Places that a terminal gives it, nearly: terminals do not agree on the rarer ones. */
function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += placesOf(character);
  return width;
}

const placesOf = (character: string): number => (NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

function shortened(text: string, most: number): string {
  if (widthOf(text) <= most) return text;
  let kept = '';
  let width = 1;
  for (const character of text) {
    width += placesOf(character);
    if (width > most) break;
    kept += character;
  }
  return `${kept}…`;
}
