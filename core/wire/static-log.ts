/** Static mode's log: result records as prefixed JSON lines among whatever else a pod prints. */
import type { LogEntry, Wire } from './records.js';
import { decodeRecord } from './record-codec.js';
import { ProtocolError } from '../runtime/errors.js';

const PREFIX = 'TTG_RECORD ';

export function recordLine(record: Wire): string {
  return `${PREFIX}${JSON.stringify(record)}\n`;
}

/** @returns undefined for a line that is no record */
export function parseRecordLine(line: string, position: string): LogEntry | undefined {
  if (!line.startsWith(PREFIX)) return undefined;
  try {
    return { position, record: decodeRecord(JSON.parse(line.slice(PREFIX.length))) };
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof SyntaxError) return { position, undecodable: error.message };
    throw error;
  }
}
