/** Does the same for many, a few at a time, in the order of the many. */

/**
 * @param most at the same time
 * @throws what the first that fails throws, once those begun have ended
 */
export async function forEachOf<T>(items: Iterable<T>, most: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  let failed = false;
  let failure: unknown;
  const lane = async (): Promise<void> => {
    while (!failed) {
      const next = left.next();
      if (next.done) return;
      try {
        await work(next.value);
      } catch (thrown) {
        if (!failed) failure = thrown;
        failed = true;
      }
    }
  };
  await Promise.all(Array.from({ length: most }, lane));
  if (failed) throw failure;
}

/**
 * Begins the work on each in order, at most `most` under way; resolves when all are done.
 * @throws what the earliest that fails throws
 */
export async function inOrder<T>(
  items: Iterable<T> | AsyncIterable<T>,
  most: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const done = mappedAhead(items, most, work);
  while (!(await done.next()).done);
}

/**
 * What `work` makes of each, in order; up to `most` of them are under way ahead of the one that is read, and no item is
 * asked for before its work can begin.
 */
export async function* mappedAhead<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  most: number,
  work: (item: T) => R | Promise<R>,
): AsyncGenerator<R> {
  const ahead: Promise<R>[] = [];
  const begin = (item: T): void => {
    const made = (async () => work(item))();
    // Awaited in its turn; until then its failure must not count as unhandled.
    made.catch(() => undefined);
    ahead.push(made);
  };
  for await (const item of items) {
    begin(item);
    if (ahead.length >= most) yield await (ahead.shift() as Promise<R>);
  }
  for (const made of ahead) yield await made;
}
