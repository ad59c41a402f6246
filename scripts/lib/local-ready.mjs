/** Whether a local broker really answers: a handshake with our credentials, not an open port. */
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** @typedef {import('./local-config.mjs').Spec} Spec */

/**
 * @param {Spec} spec
 * @param {import('./local-config.mjs').Engine} engine
 * @param {number} deadlineMs
 */
export async function waitUntilReady(spec, engine, deadlineMs) {
  const ping = spec.backend === 'redis' ? pingRedis : pingRabbitmq;
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const problem = await ping(spec).then(() => undefined, asText);
    if (problem === undefined) return;
    const failure = await engine.failure();
    if (failure !== undefined || Date.now() > deadline) {
      const what = failure ?? `was not ready within ${deadlineMs / 1000} s`;
      throw new Error(
        `local ${spec.backend} on 127.0.0.1:${spec.port} ${what}; last answer: ${problem}; it printed:\n${await engine.output()}`,
      );
    }
    await delay(spec.backend === 'redis' ? 50 : 200);
  }
}

/** @param {Spec} spec */
async function pingRedis(spec) {
  const answer = await talk(spec.port, `AUTH ${spec.password}\r\nPING\r\n`, (text) => text.split('\r\n').length > 2);
  if (!answer.startsWith('+OK\r\n+PONG')) throw new Error(answer.trim());
}

/** @param {Spec} spec */
async function pingRabbitmq(spec) {
  const answer = await talk(spec.port, 'AMQP\0\0\x09\x01', (text) => text.length > 10);
  if (!answer.includes('RabbitMQ')) throw new Error('the AMQP port gives no handshake');
  const authorization = `Basic ${Buffer.from(`${spec.user}:${spec.password}`).toString('base64')}`;
  const url = `http://127.0.0.1:${spec.managementPort}/api/queues`;
  const response = await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(2000) });
  await response.text();
  if (!response.ok) throw new Error(`GET ${url}: HTTP ${response.status}`);
}

/**
 * @param {number} port
 * @param {string} request
 * @param {(answer: string) => boolean} isWhole
 * @returns {Promise<string>}
 */
export function talk(port, request, isWhole) {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = createConnection({ host: '127.0.0.1', port, timeout: 2000 });
    const fail = (/** @type {Error} */ error) => {
      socket.destroy();
      reject(error);
    };
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write(request, 'latin1'));
    socket.on('timeout', () => fail(new Error(`no answer within 2 s, so far ${JSON.stringify(answer)}`)));
    socket.on('error', fail);
    socket.on('close', () => fail(new Error(`connection closed after ${JSON.stringify(answer)}`)));
    socket.on('data', (/** @type {string} */ text) => {
      answer += text;
      if (!isWhole(answer)) return;
      resolve(answer);
      socket.destroy();
    });
  });
}

/** @param {unknown} error */
function asText(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
