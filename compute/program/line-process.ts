/** One long-lived process of the protocol `lines`, started anew where it ends with parameters unanswered. */
import { lineText } from '../../core/sweep/line.js';
import { MAX_VALUE_BYTES } from '../../core/model/value-text.js';
import type { Answer } from './answer.js';
import { AnswerParser } from './answers.js';
import { Asked, type Line } from './asked.js';
import { bytesText } from './bytes.js';
import type { Ended, Group } from './group.js';
import type { Groups } from './groups.js';
import { brokenOf, faultOf, Stray, wrongNumber } from './line-faults.js';
import { watchMemory, type Faults, type Program } from './program.js';
import { Window } from './window.js';
import type { Fault, Item, Work } from './work.js';

/** A program that ends so often before its first answer is broken, whatever parameter it had. */
const MOST_FALSE_STARTS = 3;
/** At its leave a program may take so long after its input has ended. */
const LEAVE_MS = 1000;
const LOOK_MS = 250;
/** So long it may take to its first answer at least: what it loads before is not that parameter's time. */
const START_MS = 60_000;
/** Once its first answers are known, so many times as long as the slowest of them, and a load on the machine besides. */
const START_FACTOR = 5;
const LEAST_START_MS = 5000;

export class LineProcess implements AsyncDisposable {
  readonly #program: Program;
  readonly #groups: Groups;
  readonly #faults: Faults;
  readonly #window = new Window();
  readonly #asked = new Asked();
  #work: Work | undefined;
  #gaveBack: () => void = () => undefined;
  #group: Group | undefined;
  #stray: Stray;
  /** Since when the oldest line has been waited for. */
  #since = 0;
  #falseStarts = 0;
  #hasAnswered = false;
  #watch: NodeJS.Timeout | undefined;

  constructor(program: Program, groups: Groups, faults: Faults) {
    this.#program = program;
    this.#groups = groups;
    this.#faults = faults;
    this.#stray = new Stray(this.#inBatches);
  }

  /** @param gaveBack called when parameters went back to the work, which another process may take */
  begin(work: Work, gaveBack: () => void): void {
    this.#work = work;
    this.#gaveBack = gaveBack;
    this.#watch = setInterval(() => this.#look(), Math.min(LOOK_MS, this.#program.limitMs / 4));
    this.fill();
  }

  /**
   * The batch is over. What is unanswered belongs to chunks that failed: the process goes on, and nobody takes those
   * answers.
   * @param early the batch was ended: nobody knows how long the process is at something that nobody waits for
   */
  end(early: boolean): void {
    this.#work = undefined;
    clearInterval(this.#watch);
    if (!early || this.#asked.parameters === 0) return;
    this.#letGo()?.stop('stopped');
    this.#asked.clear();
    this.#window.reset();
  }

  /** Writes ahead what there is room for. */
  fill(): void {
    const work = this.#work;
    const asked = this.#asked;
    const { batch = 1 } = this.#program;
    if (!work || work.isOver || this.#group?.stopped !== undefined || !this.#window.hasRoom(asked.parameters)) return;
    const stdin = this.#group?.stdin;
    // What Node still holds the program is too slow to take; and whose input has ended takes nothing.
    if (stdin && (stdin.writableLength > 0 || stdin.writableEnded)) return;
    let text = '';
    while (this.#window.mayWrite(asked.parameters, text.length)) {
      const items = work.take(this.#window.together(batch));
      const [first, ...others] = items;
      if (!first) break;
      if (asked.parameters === 0) this.#since = this.#window.begins();
      asked.add({ items: [first, ...others] });
      const parameters = items.map(({ index }) => this.#program.parameterText(index));
      text += `${lineText(first.index, parameters, this.#inBatches)}\n`;
    }
    if (text !== '') (this.#group ??= this.#start()).stdin?.write(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const group = this.#letGo();
    if (!group) return;
    // Its loop over the lines ends, and it may say good-bye.
    group.stdin?.end();
    const patience = setTimeout(() => group.stop('the worker leaves'), LEAVE_MS);
    await group.ended;
    clearTimeout(patience);
  }

  get #inBatches(): boolean {
    return this.#program.batch !== undefined;
  }

  #start(): Group {
    const { argv, env, runId, total, log } = this.#program;
    this.#hasAnswered = false;
    this.#stray = new Stray(this.#inBatches);
    const awaited = (): number => this.#asked.oldest?.items[0].index ?? -1;
    const parser = new AnswerParser({
      get awaited() {
        return awaited();
      },
      inBatches: this.#inBatches,
      answered: (answer) => {
        this.#faults.works = true;
        if (this.#group === group) this.#answered(answer);
      },
      printed: (text) => {
        if (this.#group === group) this.#stray.printed(text);
        if (log.isLevelEnabled('debug')) log.debug({ run_id: runId, text: text.slice(0, 2000) }, 'the program prints');
      },
    });
    const group: Group = this.#groups.start({
      argv: argv(undefined),
      // Python's print reaches us when it is called, also where it is told nothing of flushing.
      env: { PYTHONUNBUFFERED: '1', ...env, TTG_RUN_ID: runId, TTG_TOTAL: String(total) },
      stdin: true,
      received: (bytes) => {
        const before = this.#asked.parameters;
        parser.add(bytes);
        if (parser.unfinished > 2 * MAX_VALUE_BYTES)
          group.kill(`printed a line of more than ${bytesText(2 * MAX_VALUE_BYTES)}, and a value may have half of it`);
        if (this.#group !== group) return;
        this.#window.answered(before - this.#asked.parameters, bytes.length);
        this.fill();
      },
    });
    watchMemory(this.#program, group);
    void group.ended.then((ended) => {
      if (this.#group === group) this.#died(group, ended, parser);
    });
    return group;
  }

  #answered(answer: Answer): void {
    if (!this.#hasAnswered) this.#faults.starts(performance.now() - this.#since);
    this.#hasAnswered = true;
    this.#falseStarts = 0;
    const { oldest } = this.#asked;
    const line = this.#asked.take(answer.index);
    if (!line) return this.#unasked(answer);
    this.#since = performance.now();
    // Of one that is passed over it stays known what was printed in place of its answer.
    if (line === oldest) this.#stray.forget();
    const [first, ...others] = line.items;
    if ('value' in answer) return this.#work?.computed(first, answer.value);
    if ('error' in answer)
      return others.length > 0 ? this.#askAlone(line, answer.error) : this.#work?.failed(first, faultOf(answer.error));
    const { values } = answer;
    if (values.length !== line.items.length) return this.#miscounted(line, values.length);
    if (others.length > 0) this.#faults.takesBatches = true;
    for (const [i, item] of line.items.entries()) this.#work?.computed(item, values[i] as (typeof values)[number]);
  }

  /** Which value is whose nobody knows. A program that never gave the right number cannot do it. */
  #miscounted(line: Line, count: number): void {
    const fault = wrongNumber(count, line.items.length);
    const isKnown = line.items.length === 1 || this.#faults.takesBatches;
    if (line.items.length > 1 && isKnown) this.#askAlone(line, fault.message);
    else this.#work?.failed(line.items[0], isKnown ? fault : { ...fault, blame: 'computation' });
  }

  /** Each by itself, so that the one in trouble costs nobody else, and is told by its own name. */
  #askAlone({ items }: Line, reason: string): void {
    const { log, runId } = this.#program;
    const of = { run_id: runId, index: items[0].index, parameters: items.length, reason };
    log.info(of, 'a line of several parameters went wrong; each of them gets a line of its own');
    this.#work?.putBack(items.map((item) => ({ ...item, isAlone: true })));
  }

  #unasked({ index }: Answer): void {
    const { log, runId } = this.#program;
    log.debug({ run_id: runId, index }, 'the program answers a parameter that it was not asked for, or did before');
  }

  #look(): void {
    if (this.#asked.parameters === 0) return;
    const limitMs = Math.max(this.#program.limitMs, this.#hasAnswered ? 0 : this.#startMs());
    const what = this.#hasAnswered ? 'its time limit' : 'from its start to its first answer';
    if (performance.now() - this.#since > limitMs) this.#group?.stop(`took longer than ${limitMs / 1000} s, ${what}`);
    // It printed a value without its index and then fell silent: where it waits for us it ends now, where it computes it goes on.
    // Once it is known to answer that is not asked again, or each process would compute a single parameter.
    else if (!this.#faults.works && this.#stray.isQuiet) this.#group?.stdin?.end();
  }

  /** A parameter that hangs is in a new process at each attempt: it shall not have a minute each time. */
  #startMs(): number {
    const { slowestStart } = this.#faults;
    return slowestStart === undefined
      ? START_MS
      : Math.min(START_MS, LEAST_START_MS + Math.ceil(START_FACTOR * slowestStart));
  }

  /** The oldest line is to blame; the others go to a new process. Half a line is no answer. */
  #died(group: Group, ended: Ended, parser: AnswerParser): void {
    this.#letGo();
    const [line, ...others] = this.#asked.clear();
    this.#window.reset();
    if (!this.#work) return;
    this.#work.putBack(others.flatMap(({ items }): readonly Item[] => items));
    if (line) this.#blame(line, this.#faults.of(this.#program.argv(undefined)[0] ?? '', ended, group), group, parser);
    this.#gaveBack();
  }

  #blame(line: Line, fault: Fault, group: Group, parser: AnswerParser): void {
    if (fault.blame === 'parameter' && line.items.length > 1) return this.#askAlone(line, fault.message);
    const told = this.#stray.explain(fault, group, parser);
    this.#work?.failed(line.items[0], this.#isBroken(fault) ? brokenOf(told, MOST_FALSE_STARTS) : told);
  }

  #isBroken(fault: Fault): boolean {
    if (this.#hasAnswered || this.#faults.works || fault.blame !== 'parameter') return false;
    return ++this.#falseStarts >= MOST_FALSE_STARTS;
  }

  #letGo(): Group | undefined {
    const group = this.#group;
    this.#group = undefined;
    return group;
  }
}
