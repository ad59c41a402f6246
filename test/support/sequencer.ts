/** Suites that wait the longest begin first, so that at the end no single one keeps the others' places empty. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Beginnings of paths by how long their files take, longest first. */
const LONGEST_FIRST = ['/test/faults/', '/test/local/demo', '/test/contract/', '/test/local/'];

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST_FIRST.findIndex((path) => moduleId.includes(path));
      return at < 0 ? LONGEST_FIRST.length : at;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
