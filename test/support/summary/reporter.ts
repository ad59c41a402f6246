/**
 * What `npm test` prints: a line a project, each failure in full as soon as it happens, and the slowest files. The counts
 * go to the file that TTG_TEST_COUNTS names.
 */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { styleText } from 'node:util';
import type {
  Reporter,
  SerializedError,
  TestCase,
  TestModule,
  TestProject,
  TestSpecification,
  TestSuite,
  Vitest,
} from 'vitest/node';
import { Progress, seconds } from './progress.js';
import { Screen } from './screen.js';

/** How often the lines change in a terminal, and how often a line comes where there is none. */
const EVERY_MS = { terminal: 500, plain: 30_000 };
/** What a test wrote is kept for the case that it fails: the last so many pieces. */
const KEPT_OUTPUT = 50;

export default class SummaryReporter implements Reporter {
  readonly #projects = new Map<string, Progress>();
  readonly #files: { readonly path: string; readonly ms: number }[] = [];
  readonly #startedAt = new Map<string, number>();
  readonly #output = new Map<string, string[]>();
  readonly #isTerminal = process.stdout.isTTY === true && !process.env['CI'];
  #vitest: Vitest | undefined;
  #screen: Screen | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Hooks, files and handlers that failed beside the tests: each counts as one failure. */
  #otherFailures = 0;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    const names = specifications.map(({ project }) => project.name);
    for (const name of new Set(names)) {
      this.#projects.set(name, new Progress(name, names.filter((each) => each === name).length));
    }
    if (this.#isTerminal) this.#screen = new Screen();
    const every = this.#isTerminal ? EVERY_MS.terminal : EVERY_MS.plain;
    this.#timer = setInterval(() => this.#tick(), every).unref();
  }

  onTestModuleQueued(module: TestModule): void {
    this.#progress(module.project).begin(Date.now());
    this.#startedAt.set(module.id, Date.now());
  }

  onTestModuleCollected(module: TestModule): void {
    this.#progress(module.project).known += [...module.children.allTests()].length;
  }

  onUserConsoleLog({ content, taskId = '' }: { content: string; taskId?: string | undefined }): void {
    this.#output.set(taskId, [...(this.#output.get(taskId) ?? []), content].slice(-KEPT_OUTPUT));
  }

  onTestCaseResult(test: TestCase): void {
    const progress = this.#progress(test.project);
    const { state, errors = [] } = test.result();
    if (state === 'passed') progress.passed++;
    else if (state === 'skipped') progress.skipped++;
    else {
      progress.failed++;
      this.#fail(test, errors);
    }
    this.#output.delete(test.id);
  }

  onTestSuiteResult(suite: TestSuite): void {
    this.#failOther(suite, suite.errors());
  }

  onTestModuleEnd(module: TestModule): void {
    this.#failOther(module, module.errors());
    const now = Date.now();
    const path = relative(process.cwd(), module.moduleId);
    this.#files.push({ path: `${path} (${module.project.name})`, ms: now - (this.#startedAt.get(module.id) ?? now) });
    const progress = this.#progress(module.project);
    progress.endFile(now);
    if (!progress.isRunning && !this.#screen) console.log(progress.line(now));
    this.#show();
  }

  onTestRunEnd(_: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    clearInterval(this.#timer);
    this.#show();
    this.#screen?.[Symbol.dispose]();
    this.#otherFailures += unhandled.length;
    if (unhandled.length > 0) this.#vitest?.logger.printUnhandledErrors(unhandled);
    const slowest = this.#files.toSorted((a, b) => b.ms - a.ms).slice(0, 5);
    console.log(['', 'the slowest files', ...slowest.map(({ path, ms }) => `${seconds(ms)}  ${path}`), ''].join('\n'));
    const all = [...this.#projects.values()];
    const total = (count: 'passed' | 'failed' | 'skipped'): number => all.reduce((sum, each) => sum + each[count], 0);
    const failed = total('failed') + this.#otherFailures;
    const counts = JSON.stringify({ passed: total('passed'), failed, skipped: total('skipped') });
    if (process.env['TTG_TEST_COUNTS']) writeFileSync(process.env['TTG_TEST_COUNTS'], counts);
  }

  #progress(project: TestProject): Progress {
    const found = this.#projects.get(project.name);
    if (!found) throw new Error(`project ${project.name} runs and was not announced`);
    return found;
  }

  #failOther(of: TestSuite | TestModule, errors: readonly SerializedError[]): void {
    if (errors.length === 0) return;
    this.#otherFailures++;
    this.#fail(of, errors);
  }

  /** @param of its errors name file and line */
  #fail(of: TestCase | TestSuite | TestModule, errors: readonly SerializedError[]): void {
    const file = relative(process.cwd(), of.type === 'module' ? of.moduleId : of.module.moduleId);
    const title = of.type === 'module' ? file : `${file} > ${of.fullName}`;
    console.error(`\n${styleText(['red', 'bold'], `FAILED ${of.project.name}: ${title}`)}`);
    for (const error of errors) this.#vitest?.logger.printError(error, { project: of.project });
    const output = this.#output.get(of.id)?.join('');
    if (output) console.error(`it wrote:\n${output}`);
  }

  #tick(): void {
    if (this.#screen) this.#show();
    else for (const each of this.#projects.values()) if (each.isRunning) console.log(each.line(Date.now()));
  }

  #show(): void {
    const now = Date.now();
    this.#screen?.show([...this.#projects.values()].map((each) => each.line(now)));
  }
}
