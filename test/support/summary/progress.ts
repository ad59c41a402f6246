/** How far one project of the tests is, and the line that says so. */

export class Progress {
  readonly name: string;
  /** Files that have not ended. */
  filesLeft: number;
  /** Tests of the files that were read so far. */
  known = 0;
  passed = 0;
  failed = 0;
  skipped = 0;
  #beganAt: number | undefined;
  #endedAt: number | undefined;

  constructor(name: string, files: number) {
    this.name = name;
    this.filesLeft = files;
  }

  begin(now: number): void {
    this.#beganAt ??= now;
  }

  endFile(now: number): void {
    if (--this.filesLeft === 0) this.#endedAt = now;
  }

  get isRunning(): boolean {
    return this.#beganAt !== undefined && this.#endedAt === undefined;
  }

  line(now: number): string {
    if (this.#beganAt === undefined) return `${this.name.padEnd(12)} waits`;
    const done = this.passed + this.failed + this.skipped;
    const counts = [
      `${this.passed} passed`,
      ...(this.failed > 0 ? [`${this.failed} failed`] : []),
      ...(this.skipped > 0 ? [`${this.skipped} skipped`] : []),
      ...(this.isRunning
        ? [`${done} of ${this.known} ended${this.filesLeft > 1 ? `, ${this.filesLeft} files left` : ''}`]
        : []),
    ];
    return `${this.name.padEnd(12)} ${seconds((this.#endedAt ?? now) - this.#beganAt)}  ${counts.join(', ')}`;
  }
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`.padStart(8);
}
