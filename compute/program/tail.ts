/** The end of a stream of bytes, as text. */

export class Tail {
  readonly #most: number;
  #kept: Buffer[] = [];
  #size = 0;
  #isCut = false;

  /** @param most bytes */
  constructor(most: number) {
    this.#most = most;
  }

  add(bytes: Buffer): void {
    this.#kept.push(bytes);
    this.#size += bytes.length;
    // Seldom, so that many small pieces are not copied again and again.
    if (this.#size > 2 * this.#most + 65_536) this.#cut();
  }

  toString(): string {
    this.#cut();
    const text = Buffer.concat(this.#kept).toString();
    // Where it was cut, it was perhaps cut within a character.
    return this.#isCut ? text.replace(/^\ufffd+/, '') : text;
  }

  #cut(): void {
    const all = Buffer.concat(this.#kept);
    this.#isCut ||= all.length > this.#most;
    this.#kept = [all.subarray(Math.max(0, all.length - this.#most))];
    this.#size = this.#kept[0]?.length ?? 0;
  }
}
