/** One long-lived process of the protocol `lines`, started anew where it ends with parameters unanswered. */
import { AnswerParser, type Answer } from './answers.js';
import { MAX_VALUE_BYTES } from '../../core/model/value-text.js';
import { bytesText } from './bytes.js';
import type { Ended, Group } from './group.js';
import type { Groups } from './groups.js';
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
  #work: Work | undefined;
  #gaveBack: () => void = () => undefined;
  #group: Group | undefined;
  /** Written and not answered, oldest first; those before `#head` are done. */
  #queue: (Item | undefined)[] = [];
  #head = 0;
  /** Since when the oldest one has been waited for. */
  #since = 0;
  #falseStarts = 0;
  #hasAnswered = false;
  #watch: NodeJS.Timeout | undefined;

  constructor(program: Program, groups: Groups, faults: Faults) {
    this.#program = program;
    this.#groups = groups;
    this.#faults = faults;
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
    if (!early || this.#waiting() === 0) return;
    this.#letGo()?.stop('stopped');
    this.#queue = [];
    this.#head = 0;
    this.#window.reset();
  }

  /** Writes ahead what there is room for. */
  fill(): void {
    const work = this.#work;
    if (!work || work.isOver || this.#group?.stopped !== undefined || !this.#window.hasRoom(this.#waiting())) return;
    // What Node still holds the program is too slow to take.
    if ((this.#group?.stdin?.writableLength ?? 0) > 0) return;
    let text = '';
    for (let item; this.#window.mayWrite(this.#waiting(), text.length) && (item = work.next());) {
      if (this.#waiting() === 0) this.#since = this.#window.begins();
      this.#queue.push(item);
      text += this.#line(item.index);
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

  #line(index: number): string {
    return `{"index":${index},"parameter":${JSON.stringify(this.#program.parameterAt(index))}}\n`;
  }

  #start(): Group {
    const { argv, env, runId, total, log } = this.#program;
    this.#hasAnswered = false;
    const parser = new AnswerParser({
      get awaited() {
        return awaited();
      },
      answered: (answer) => {
        this.#faults.works = true;
        if (this.#group === group) this.#answered(answer);
      },
      printed: (text) => {
        if (log.isLevelEnabled('debug')) log.debug({ run_id: runId, text: text.slice(0, 2000) }, 'the program prints');
      },
    });
    const awaited = (): number => this.#queue[this.#head]?.index ?? -1;
    const group: Group = this.#groups.start({
      argv: argv(undefined),
      // Python's print reaches us when it is called, also where it is told nothing of flushing.
      env: { PYTHONUNBUFFERED: '1', ...env, TTG_RUN_ID: runId, TTG_TOTAL: String(total) },
      stdin: true,
      received: (bytes) => {
        const before = this.#head;
        parser.add(bytes);
        if (parser.unfinished > 2 * MAX_VALUE_BYTES)
          group.kill(`printed a line of more than ${bytesText(2 * MAX_VALUE_BYTES)}, and a value may have half of it`);
        if (this.#group !== group) return;
        this.#window.answered(this.#head - before);
        this.#tidy();
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
    const first = this.#queue[this.#head];
    let at = this.#head;
    // In order, as a rule; whoever computes several at once may answer out of it.
    if (first?.index !== answer.index) at = this.#queue.findIndex((item, i) => i >= at && item?.index === answer.index);
    const item = at < 0 ? undefined : this.#queue[at];
    if (!item) return this.#unasked(answer);
    this.#queue[at] = undefined;
    while (this.#head < this.#queue.length && this.#queue[this.#head] === undefined) this.#head++;
    this.#since = performance.now();
    if ('error' in answer) this.#work?.failed(item, faultOf(answer.error));
    else this.#work?.computed(item, answer.value);
  }

  #unasked({ index }: Answer): void {
    const { log, runId } = this.#program;
    log.debug({ run_id: runId, index }, 'the program answers a parameter that it was not asked for, or did before');
  }

  #tidy(): void {
    if (this.#head < 1024 && this.#head < this.#queue.length) return;
    this.#queue.splice(0, this.#head);
    this.#head = 0;
  }

  #waiting(): number {
    return this.#queue.length - this.#head;
  }

  #look(): void {
    const limitMs = Math.max(this.#program.limitMs, this.#hasAnswered ? 0 : this.#startMs());
    const isLate = this.#waiting() > 0 && performance.now() - this.#since > limitMs;
    const what = this.#hasAnswered ? 'its time limit' : 'from its start to its first answer';
    if (isLate) this.#group?.stop(`took longer than ${limitMs / 1000} s, ${what}`);
  }

  /** A parameter that hangs is in a new process at each attempt: it shall not have a minute each time. */
  #startMs(): number {
    const { slowestStart } = this.#faults;
    return slowestStart === undefined
      ? START_MS
      : Math.min(START_MS, LEAST_START_MS + Math.ceil(START_FACTOR * slowestStart));
  }

  /** The oldest one is to blame; the others go to a new process. Half a line is no answer. */
  #died(group: Group, ended: Ended, parser: AnswerParser): void {
    this.#letGo();
    const [item, ...others] = this.#queue.slice(this.#head).filter((each): each is Item => each !== undefined);
    this.#queue = [];
    this.#head = 0;
    this.#window.reset();
    if (!item || !this.#work) return;
    const argv = this.#program.argv(undefined);
    const fault = this.#faults.of(argv[0] ?? '', ended, group);
    this.#work.putBack(others);
    this.#work.failed(item, this.#isBroken(fault) ? brokenOf(fault) : withHint(fault, group, parser));
    this.#gaveBack();
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

const faultOf = (message: string): Fault => ({ message, stack: '', blame: 'parameter', retryable: true });

function brokenOf(fault: Fault): Fault {
  const message = `the program ended ${MOST_FALSE_STARTS} times before its first answer, the last time so: ${fault.message}`;
  return { ...fault, message, blame: 'computation', retryable: false };
}

/** Why an answer that was perhaps given did not arrive. */
function withHint(fault: Fault, group: Group, parser: AnswerParser): Fault {
  if (group.stopped === undefined || !group.stopped.startsWith('took longer')) return fault;
  const hint =
    parser.unfinished > 0
      ? `. It printed ${bytesText(parser.unfinished)} without a newline at the end: ${parser.beginning()}`
      : '. Where it did answer, it has to flush its output after each line, and to answer {"index": …, "value": …}';
  return { ...fault, message: fault.message + hint };
}
