/** How fast a run goes: over the last seconds, not the last moment, since a long chunk counts only when it is done. */

const WINDOW_MS = 15_000;
const LEAST_MS = 1000;

export class Pace {
  readonly #samples: { readonly at: number; readonly count: number }[] = [];

  /** Parameters a second, or null until that can be told. @param count of all parameters that are accounted for */
  rate(count: number, at: number): number | null {
    this.#samples.push({ at, count });
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) >= WINDOW_MS) this.#samples.shift();
    const [first] = this.#samples;
    if (!first || at - first.at < LEAST_MS || count === first.count) return null;
    return ((count - first.count) / (at - first.at)) * 1000;
  }
}
