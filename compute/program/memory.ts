/** How much memory process groups use, and whether the kernel killed for want of it: read from /proc and the cgroup. */
import { readdirSync, readFileSync } from 'node:fs';

const LOOK_MS = 100;
/** Looking may take this share of the time at most, where a machine has many processes. */
const SHARE = 0.05;

interface Watched {
  readonly limitBytes: number;
  readonly exceeded: (peakBytes: number) => void;
}

/** Watches process groups by the memory that they have in use together (RSS; what they share counts for each). */
export class MemoryWatch {
  readonly #watched = new Map<number, Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** @param exceeded called once, where the group uses more */
  watch(group: number, limitBytes: number, exceeded: (peakBytes: number) => void): void {
    this.#watched.set(group, { limitBytes, exceeded });
    this.#timer ??= setTimeout(() => this.#look(), LOOK_MS);
  }

  leave(group: number): void {
    this.#watched.delete(group);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#watched.clear();
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#watched.size === 0) return;
    const started = performance.now();
    for (const [group, bytes] of groupBytes(this.#watched)) {
      const watched = this.#watched.get(group);
      if (!watched || bytes <= watched.limitBytes) continue;
      this.#watched.delete(group);
      watched.exceeded(bytes);
    }
    const pause = Math.max(LOOK_MS, (performance.now() - started) / SHARE);
    this.#timer = setTimeout(() => this.#look(), pause);
  }
}

/** @param groups the ids to add up */
function groupBytes(groups: { has(group: number): boolean }): Map<number, number> {
  const bytes = new Map<number, number>();
  let names: string[] = [];
  try {
    names = readdirSync('/proc');
  } catch {
    // no /proc: not Linux
  }
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // pid (name) state ppid pgrp …: the name may contain anything, parentheses too
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ', 3)[2]);
      if (!groups.has(group)) continue;
      const [, kib = '0'] = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${name}/status`, 'latin1')) ?? [];
      bytes.set(group, (bytes.get(group) ?? 0) + Number(kib) * 1024);
    } catch {
      // it has ended meanwhile
    }
  }
  return bytes;
}

/** Files of cgroup 2 and 1 as a container sees them. */
const EVENTS = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'];

/** How often the kernel has killed in this container for want of memory; undefined where it does not say. */
export function oomKills(): number | undefined {
  for (const file of EVENTS) {
    try {
      const [, count] = /^oom_kill (\d+)$/m.exec(readFileSync(file, 'latin1')) ?? [];
      if (count !== undefined) return Number(count);
    } catch {
      // the other version, or no container
    }
  }
  return undefined;
}
