/** `--joblog FILE`: a line a chunk or, where it holds one parameter, a parameter, made of the log's own records. */
import type { Broker } from '../../core/broker/port.js';
import { LineFile } from '../../core/runtime/line-file.js';
import type { DeadRecord, LogRecord, ResultRecord } from '../../core/wire/records.js';

export const JOBLOG_HEADER = 'parameter\tcolumns\tstart\tduration\tattempt\tworker\tstatus\terror\n';

/** The columns of a parameter as an object; undefined where parameters have none. */
export type ColumnsOf = (index: number) => object | undefined;

/** The line of a result or of a dead letter, or undefined for any other record. */
export function joblogLine(record: LogRecord, columnsOf: ColumnsOf): string | undefined {
  if (record.kind === 'result') return lineOf(record, 'ok', columnsOf);
  return record.kind === 'dead' ? lineOf(record, 'dead', columnsOf) : undefined;
}

function lineOf(record: ResultRecord | DeadRecord, status: string, columnsOf: ColumnsOf): string {
  const { start, end, workerId } = record;
  const isResult = record.kind === 'result';
  const fields = [
    start === end ? String(start) : `${start}-${end}`,
    start === end ? JSON.stringify(columnsOf(start) ?? {}) : '',
    isResult ? record.startedAt : record.completedAt,
    isResult ? record.durationSeconds.toFixed(3) : '',
    String(isResult ? record.attempt : record.attempts),
    workerId,
    status,
    isResult ? '' : record.error,
  ];
  return `${fields.map(inOneField).join('\t')}\n`;
}

/** A tab or a newline in a text would be read as the end of its field. */
function inOneField(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}

const REMEDY =
  'Every result is kept in the log: give the same command with a place that has room, which goes on and writes the file anew';

/** Written anew by each `ttg run` from the whole log, so that it is complete after every resumption. */
export class Joblog implements AsyncDisposable {
  readonly #lines: LineFile;
  readonly #columnsOf: ColumnsOf;

  private constructor(lines: LineFile, columnsOf: ColumnsOf) {
    this.#lines = lines;
    this.#columnsOf = columnsOf;
  }

  /** @throws ConfigError where the file cannot be written */
  static async open(file: string, columnsOf: ColumnsOf): Promise<Joblog> {
    return new Joblog(await LineFile.open('--joblog', file, JOBLOG_HEADER, REMEDY), columnsOf);
  }

  /**
   * @returns a promise while the disk is behind
   * @throws CannotWrite where it takes nothing any more
   */
  add(record: LogRecord): Promise<unknown> | undefined {
    const line = joblogLine(record, this.#columnsOf);
    return line === undefined ? undefined : this.#lines.write(line);
  }

  /** Of a run that is over: the whole log, then the end. @throws CannotWrite */
  async writeAll(broker: Pick<Broker, 'records'>, runId: string): Promise<void> {
    for await (const entry of broker.records())
      if ('record' in entry && entry.record.runId === runId) await this.add(entry.record);
    await this[Symbol.asyncDispose]();
  }

  /** @throws CannotWrite where the end of it is not written */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lines[Symbol.asyncDispose]();
  }
}
