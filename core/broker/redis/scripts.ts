/** The Lua steps, each written and explained in its own file. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { codeOf } from './failure.js';

export type Arg = string | number;

/** One Lua script; a broker that restarted has forgotten it and is sent the text again. */
export class Script {
  readonly #text: string;
  readonly #sha: string;

  constructor(...parts: readonly string[]) {
    this.#text = parts.join('\n');
    this.#sha = createHash('sha1').update(this.#text).digest('hex');
  }

  async run(redis: Redis, keys: readonly string[], args: readonly Arg[]): Promise<unknown> {
    try {
      return await redis.call('EVALSHA', [this.#sha, keys.length, ...keys, ...args]);
    } catch (error) {
      if (codeOf(error) !== 'NOSCRIPT') throw error;
      return redis.call('EVAL', [this.#text, keys.length, ...keys, ...args]);
    }
  }
}

export type Scripts = ReturnType<typeof loadScripts>;

// Each file is read by a literal of its own: the bundler replaces these expressions, and only these, by the text.
export function loadScripts() {
  const fence = readFileSync(new URL('./lua/fence.lua', import.meta.url), 'utf8');
  const done = readFileSync(new URL('./lua/done.lua', import.meta.url), 'utf8');
  const replace = readFileSync(new URL('./lua/replace.lua', import.meta.url), 'utf8');
  return {
    complete: new Script(fence, done, readFileSync(new URL('./lua/complete.lua', import.meta.url), 'utf8')),
    reassign: new Script(fence, readFileSync(new URL('./lua/reassign.lua', import.meta.url), 'utf8')),
    bury: new Script(fence, done, readFileSync(new URL('./lua/bury.lua', import.meta.url), 'utf8')),
    split: new Script(fence, replace, readFileSync(new URL('./lua/split.lua', import.meta.url), 'utf8')),
    remove: new Script(fence, readFileSync(new URL('./lua/remove.lua', import.meta.url), 'utf8')),
    part: new Script(fence, done, replace, readFileSync(new URL('./lua/part.lua', import.meta.url), 'utf8')),
    append: new Script(readFileSync(new URL('./lua/append.lua', import.meta.url), 'utf8')),
    adopt: new Script(done, readFileSync(new URL('./lua/adopt.lua', import.meta.url), 'utf8')),
    usable: new Script(readFileSync(new URL('./lua/usable.lua', import.meta.url), 'utf8')),
    halt: new Script(readFileSync(new URL('./lua/halt.lua', import.meta.url), 'utf8')),
    unpark: new Script(readFileSync(new URL('./lua/unpark.lua', import.meta.url), 'utf8')),
    replay: new Script(readFileSync(new URL('./lua/replay.lua', import.meta.url), 'utf8')),
    take: new Script(readFileSync(new URL('./lua/take.lua', import.meta.url), 'utf8')),
    claim: new Script(readFileSync(new URL('./lua/claim.lua', import.meta.url), 'utf8')),
    publish: new Script(done, readFileSync(new URL('./lua/publish.lua', import.meta.url), 'utf8')),
    hold: new Script(readFileSync(new URL('./lua/hold.lua', import.meta.url), 'utf8')),
    depth: new Script(readFileSync(new URL('./lua/depth.lua', import.meta.url), 'utf8')),
    leave: new Script(readFileSync(new URL('./lua/leave.lua', import.meta.url), 'utf8')),
  };
}
