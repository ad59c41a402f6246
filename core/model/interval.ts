/** Sets of parameters as sorted, disjoint, inclusive intervals: memory grows with the gaps, not with the parameters. */

/** Parameters `start` … `end`, both included, 0-based. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

export function size(interval: Interval): number {
  return interval.end - interval.start + 1;
}

export class IntervalSet {
  readonly #items: Interval[] = [];

  static of(intervals: Iterable<Interval>): IntervalSet {
    const set = new IntervalSet();
    for (const interval of intervals) set.add(interval);
    return set;
  }

  /** How many parameters the set holds. */
  get count(): number {
    return this.#items.reduce((sum, item) => sum + size(item), 0);
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** The disjoint intervals in ascending order. */
  intervals(): readonly Interval[] {
    return this.#items;
  }

  add(interval: Interval): void {
    const items = this.#items;
    const last = items.at(-1);
    // Records arrive almost in order, so growing the last interval is the common case.
    if (last && interval.start === last.end + 1) {
      items[items.length - 1] = { start: last.start, end: interval.end };
      return;
    }
    const from = this.#firstEndingFrom(interval.start - 1);
    let { start, end } = interval;
    let until = from;
    for (let item = items[until]; item && item.start <= end + 1; item = items[++until]) {
      start = Math.min(start, item.start);
      end = Math.max(end, item.end);
    }
    items.splice(from, until - from, { start, end });
  }

  /** How many parameters of `interval` the set holds. */
  overlap(interval: Interval): number {
    let covered = 0;
    const items = this.#items;
    let at = this.#firstEndingFrom(interval.start);
    for (let item = items[at]; item && item.start <= interval.end; item = items[++at]) {
      covered += Math.min(item.end, interval.end) - Math.max(item.start, interval.start) + 1;
    }
    return covered;
  }

  /** The parts of `interval` that the set does not hold, ascending. */
  gaps(interval: Interval): Interval[] {
    const gaps: Interval[] = [];
    let next = interval.start;
    const items = this.#items;
    let at = this.#firstEndingFrom(interval.start);
    for (let item = items[at]; item && item.start <= interval.end; item = items[++at]) {
      if (item.start > next) gaps.push({ start: next, end: item.start - 1 });
      next = item.end + 1;
    }
    if (next <= interval.end) gaps.push({ start: next, end: interval.end });
    return gaps;
  }

  #firstEndingFrom(parameter: number): number {
    return firstIndex(this.#items, ({ end }) => end >= parameter);
  }
}

/** Index of the first item that holds, or the length; `holds` is false up to some item and true from there on. */
export function firstIndex<T>(items: ArrayLike<T>, holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(items[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** `3, 7–9 and 4 more`: for people, at most `most` intervals. */
export function describeIntervals(intervals: readonly Interval[], most = 10): string {
  const shown = intervals.slice(0, most).map((i) => (i.start === i.end ? `${i.start}` : `${i.start}–${i.end}`));
  const rest = intervals.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more intervals` : '');
}
