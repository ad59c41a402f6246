/** The log: the stream of records. */
import { asError } from '../../runtime/errors.js';
import { decodeRecord } from '../../wire/record-codec.js';
import type { LogEntry } from '../../wire/records.js';
import { fromBody } from './codec.js';
import type { Link } from './link.js';
import { readStream, type StreamEntry } from './read-stream.js';

export async function* readLog(link: Link, queue: string, follow?: AbortSignal): AsyncGenerator<LogEntry> {
  for await (const entry of readStream(link, queue, { follow })) yield toLogEntry(entry);
}

function toLogEntry({ position, body }: StreamEntry): LogEntry {
  try {
    return { position: String(position), record: decodeRecord(fromBody(body)) };
  } catch (error) {
    return { position: String(position), undecodable: asError(error).message };
  }
}
