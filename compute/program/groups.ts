/** All process groups of a worker, so that none outlives it. */
import { Group, type Launch } from './group.js';

/** So long a group that was told to stop may take when the worker leaves. */
const LEAVE_MS = 500;

export class Groups implements AsyncDisposable {
  readonly #groups = new Set<Group>();
  readonly #atExit = (): void => {
    for (const group of this.#groups) group.kill('the worker ended');
  };

  constructor() {
    process.on('exit', this.#atExit);
  }

  start(launch: Launch): Group {
    const group = new Group(launch);
    this.#groups.add(group);
    void group.ended.then(() => this.#groups.delete(group));
    return group;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = [...this.#groups];
    for (const group of left) group.stop('the worker leaves', LEAVE_MS);
    // Those that were told before have a timer of their own, which may be longer.
    const impatient = setTimeout(() => left.forEach((group) => group.kill('the worker leaves')), LEAVE_MS);
    await Promise.all(left.map(({ ended }) => ended));
    clearTimeout(impatient);
    process.off('exit', this.#atExit);
  }
}
