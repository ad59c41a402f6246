/** Collects figures, and prints them as a table and as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';

/**
 * @typedef {object} Figure
 * @property {string} area
 * @property {string} what
 * @property {number} value
 * @property {string} unit
 * @property {number} [cpuMicros] CPU of the client's processes a chunk, in µs
 * @property {number} [brokerMicros] CPU of the broker a chunk, in µs
 * @property {number} [peakMib]
 * @property {string} [note]
 *
 * @typedef {object} Target
 * @property {string} what
 * @property {number} value
 * @property {string} wanted
 * @property {boolean} met
 */

export class Figures {
  /** @type {(Figure & { load: number })[]} */ figures = [];
  /** @type {Target[]} */ targets = [];
  /** @type {string[]} */ leftOut = [];
  started = new Date();

  /** @param {Figure} figure */
  add(figure) {
    this.figures.push({ ...figure, load: Number((loadavg()[0] ?? NaN).toFixed(1)) });
    console.error(`  ${figure.area}: ${figure.what}: ${short(figure.value)} ${figure.unit}`);
  }

  /** @param {string} what @param {number} value @param {'>=' | '<='} sign @param {number} limit @param {string} unit */
  target(what, value, sign, limit, unit = '') {
    if (Number.isFinite(value))
      this.targets.push({
        what,
        value,
        wanted: `${sign === '>=' ? '≥' : '≤'} ${limit}${unit}`,
        met: sign === '>=' ? value >= limit : value <= limit,
      });
  }

  /** @param {string} what @param {unknown} why */
  leaveOut(what, why) {
    this.leftOut.push(`${what}: ${why instanceof Error ? why.message.split('\n')[0] : String(why)}`);
    console.error(`  left out: ${this.leftOut.at(-1)}`);
  }

  table() {
    const rows = [['measure', 'figure', '', 'client CPU µs', 'broker CPU µs', 'peak MiB', 'load']];
    for (const f of this.figures) {
      const what = `${f.area}: ${f.what}${f.note ? ` (${f.note})` : ''}`;
      rows.push([
        what,
        short(f.value),
        f.unit,
        short(f.cpuMicros),
        short(f.brokerMicros),
        short(f.peakMib),
        String(f.load),
      ]);
    }
    const targets = [['target', 'measured', 'wanted', 'met']];
    for (const t of this.targets) targets.push([t.what, short(t.value), t.wanted, t.met ? 'yes' : 'NO']);
    const left = this.leftOut.length > 0 ? `\nLeft out:\n${this.leftOut.map((line) => `- ${line}`).join('\n')}\n` : '';
    return `${markdown(rows)}\n\n${markdown(targets)}\n${left}`;
  }

  /** NAME.json and NAME.md. @param {string} folder @param {string} name */
  write(folder, name = 'bench') {
    mkdirSync(folder, { recursive: true });
    const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version };
    const { started, figures, targets, leftOut } = this;
    writeFileSync(join(folder, `${name}.md`), this.table());
    writeFileSync(
      join(folder, `${name}.json`),
      `${JSON.stringify({ started, ended: new Date(), machine, figures, targets, leftOut }, null, 2)}\n`,
    );
  }
}

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** @param {number[]} values @param {number} share */
export function quantile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;
}

/** @param {number | undefined} n */
function short(n) {
  if (n === undefined || !Number.isFinite(n)) return '';
  if (Math.abs(n) >= 1000) return Math.round(n).toLocaleString('en');
  return String(Number(n.toPrecision(3)));
}

/** @param {string[][]} rows */
function markdown(rows) {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const line = (/** @type {string[]} */ row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...rest] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}
