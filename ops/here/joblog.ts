/** `--joblog FILE`: a line a chunk or, where it holds one parameter, a parameter, made of the log's own records. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
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

/** Written anew by each `ttg run` from the whole log, so that it is complete after every resumption. */
export class Joblog {
  readonly #stream: WriteStream;
  readonly #columnsOf: ColumnsOf;

  private constructor(stream: WriteStream, columnsOf: ColumnsOf) {
    this.#stream = stream;
    this.#columnsOf = columnsOf;
  }

  /** @throws Error where the file cannot be written */
  static async open(file: string, columnsOf: ColumnsOf): Promise<Joblog> {
    const stream = createWriteStream(file);
    await once(stream, 'open');
    stream.write(JOBLOG_HEADER);
    return new Joblog(stream, columnsOf);
  }

  /** @returns a promise while the disk is behind */
  add(record: LogRecord): Promise<unknown> | undefined {
    const line = joblogLine(record, this.#columnsOf);
    if (line === undefined || this.#stream.write(line)) return undefined;
    return once(this.#stream, 'drain');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.end();
    await once(this.#stream, 'close');
  }
}
