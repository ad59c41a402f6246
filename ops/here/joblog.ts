/** `--joblog FILE`: a line a chunk or, where it holds one parameter, a parameter, made of the log's own records. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { asError, CannotWrite } from '../../core/runtime/errors.js';
import { refusedPlace } from '../../core/runtime/folders.js';
import type { Broker } from '../../core/broker/port.js';
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
  readonly #file: string;
  readonly #stream: WriteStream;
  readonly #columnsOf: ColumnsOf;
  #failure: Error | undefined;

  private constructor(file: string, stream: WriteStream, columnsOf: ColumnsOf) {
    this.#file = file;
    this.#stream = stream;
    this.#columnsOf = columnsOf;
    stream.on('error', (error) => (this.#failure ??= error));
  }

  /** @throws ConfigError where the file cannot be written */
  static async open(file: string, columnsOf: ColumnsOf): Promise<Joblog> {
    const stream = createWriteStream(file);
    // Beside the answer to whoever writes comes an event, which nobody may leave unheard.
    stream.on('error', () => undefined);
    try {
      await once(stream, 'open');
      // A disk that is full says so only to whoever writes.
      await new Promise<void>((resolve, reject) =>
        stream.write(JOBLOG_HEADER, (error) => (error ? reject(error) : resolve())),
      );
    } catch (thrown) {
      throw refusedPlace(`--joblog ${file}`, thrown);
    }
    return new Joblog(file, stream, columnsOf);
  }

  /**
   * @returns a promise while the disk is behind
   * @throws CannotWrite where it takes nothing any more
   */
  add(record: LogRecord): Promise<unknown> | undefined {
    const line = joblogLine(record, this.#columnsOf);
    if (line === undefined) return undefined;
    if (this.#failure) throw this.#cannotWrite(this.#failure);
    if (this.#stream.write(line)) return undefined;
    return once(this.#stream, 'drain').catch((thrown: unknown) => {
      throw this.#cannotWrite(asError(thrown));
    });
  }

  /** Of a run that is over: the whole log, then the end. @throws CannotWrite */
  async writeAll(broker: Pick<Broker, 'records'>, runId: string): Promise<void> {
    for await (const entry of broker.records())
      if ('record' in entry && entry.record.runId === runId) await this.add(entry.record);
    await this[Symbol.asyncDispose]();
  }

  /** @throws CannotWrite where the end of it is not written */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = finished(this.#stream);
    this.#stream.end();
    try {
      await ended;
    } catch (thrown) {
      throw this.#cannotWrite(this.#failure ?? asError(thrown));
    }
  }

  #cannotWrite({ message }: Error): CannotWrite {
    return new CannotWrite(
      `--joblog ${this.#file}: ${message}. It is not whole. Every result is kept in the log: give the same command with a ` +
        'place that has room, which goes on and writes the file anew',
    );
  }
}
