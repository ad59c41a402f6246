/** The append-only file of a local Redis: how long it is, and the end of it lost as in a power failure. */
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { talk } from './local-ready.mjs';

/** Where Redis 7 and newer keep it, below `dir`. */
const DIRECTORY = 'appendonlydir';

/**
 * @param {import('./local-config.mjs').Spec} spec
 * @param {import('./local-config.mjs').Engine} engine
 * @returns {{ logBytes: () => Promise<number>, cutLog: (bytes: number) => Promise<void> }}
 */
export function aof(spec, engine) {
  const onlyRedis = () => {
    if (spec.backend !== 'redis')
      throw new Error('RabbitMQ confirms after its write to disk: there is no unwritten end to lose');
  };
  return {
    logBytes: async () => {
      onlyRedis();
      const answer = await talk(spec.port, `AUTH ${spec.password}\r\nINFO persistence\r\n`, (text) =>
        /aof_current_size:\d+\r\n/.test(text),
      );
      return Number(/aof_current_size:(\d+)/.exec(answer)?.[1]);
    },
    cutLog: async (bytes) => {
      onlyRedis();
      await engine.edit(DIRECTORY, async (copy) => {
        const last = readdirSync(copy)
          .filter((name) => name.endsWith('.incr.aof'))
          .sort()
          .at(-1);
        if (!last) throw new Error(`there is no append-only file in ${copy}`);
        const file = join(copy, last);
        truncateSync(file, Math.max(0, statSync(file).size - bytes));
      });
    },
  };
}
