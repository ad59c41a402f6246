/**
 * A worker as a process: receives HOLD_MAX deliveries, prints each as a line of JSON, and holds them without a
 * heartbeat until it is killed. Ends by itself when its parent does.
 */
import process from 'node:process';
import { loadConfig } from '../../core/runtime/config.js';
import { connect } from '../../core/broker/connect.js';
import { createLogger } from '../../core/runtime/logger.js';

const config = loadConfig({ ...process.env, LOG_LEVEL: 'ERROR' });
const signal = new AbortController().signal;
const broker = await connect(config, createLogger(config, 'holder'), signal);
process.stdin.on('end', () => process.exit()).resume();

const wanted = Number(process.env['HOLD_MAX']);
let held = 0;
while (held < wanted) {
  for (const { chunk, attempt } of await broker.receive({ max: wanted - held, waitMs: 1000, signal })) {
    held++;
    process.stdout.write(`${JSON.stringify({ chunkId: chunk.chunkId, attempt })}\n`);
  }
}
