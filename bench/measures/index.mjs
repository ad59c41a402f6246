/** Every measure, in the order of a run: what may be cut short by the time limit comes last. */
import { latency } from './latency.mjs';
import { lines } from './lines.mjs';
import { process1 } from './process.mjs';
import { publish } from './publish.mjs';
import { rabbitmq } from './rabbitmq.mjs';
import { rabbitmqSizes } from './rabbitmq-sizes.mjs';
import { recovery } from './recovery.mjs';
import { sizes } from './sizes.mjs';
import { startup } from './startup.mjs';

/** @type {Record<string, (bench: import('../main.mjs').Bench) => Promise<void>>} */
export const MEASURES = {
  publish,
  'process': process1,
  lines,
  latency,
  startup,
  recovery,
  rabbitmq,
  sizes,
  'rabbitmq-sizes': rabbitmqSizes,
};
