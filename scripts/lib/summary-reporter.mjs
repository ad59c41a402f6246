/**
 * Vitest's own display, cut to what one reads: a line a project, failures in full at once, the slowest files, the
 * count.
 */
import { DefaultReporter } from 'vitest/node';

/** How many of the slowest files are named. */
const SLOWEST = 5;

/** @typedef {import('vitest/node').TestModule} TestModule */
/** @typedef {{ files: number, left: number, passed: number, failed: number, ms: number, since: number }} Tally */

export default class SummaryReporter extends DefaultReporter {
  /** @type {Map<string, Tally>} */
  #projects = new Map();

  /**
   * @override
   * @param {readonly import('vitest/node').TestSpecification[]} specifications
   */
  onTestRunStart(specifications) {
    super.onTestRunStart(specifications);
    for (const { project } of specifications) {
      const tally = this.#projects.get(project.name) ?? { files: 0, left: 0, passed: 0, failed: 0, ms: 0, since: 0 };
      tally.files++;
      tally.left++;
      this.#projects.set(project.name, tally);
    }
  }

  /**
   * @override
   * @param {TestModule} module
   */
  printTestModule(module) {
    const tally = this.#projects.get(module.project.name);
    if (!tally) return;
    tally.since ||= performance.now() - module.diagnostic().duration;
    for (const test of module.children.allTests()) tally[test.result().state === 'failed' ? 'failed' : 'passed']++;
    if (!module.ok()) super.printTestModule(module);
    if (--tally.left > 0) return;
    const seconds = ((performance.now() - tally.since) / 1000).toFixed(1);
    const failed = tally.failed > 0 ? `, ${tally.failed} failed` : '';
    this.log(`${module.project.name.padEnd(12)} ${tally.passed} passed${failed} in ${tally.files} files, ${seconds} s`);
  }

  /**
   * @override
   * @param {readonly TestModule[]} modules
   * @param {readonly import('vitest').SerializedError[]} errors
   * @param {import('vitest/node').TestRunEndReason} reason
   */
  onTestRunEnd(modules, errors, reason) {
    super.onTestRunEnd(modules, errors, reason);
    const slowest = [...modules].sort((a, b) => b.diagnostic().duration - a.diagnostic().duration).slice(0, SLOWEST);
    for (const module of slowest)
      this.log(`${(module.diagnostic().duration / 1000).toFixed(1).padStart(8)} s  ${module.relativeModuleId}`);
  }
}
