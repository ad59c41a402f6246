/** The measured cases as a table for people, as Markdown and as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';

/** @typedef {import('./measured.mjs').Measured} Measured */

/** @type {Array<[title: string, value: (row: Measured) => string | number | undefined]>} */
const COLUMNS = [
  ['case', (row) => row.case],
  ['complete', (row) => (row.complete ? 'yes' : 'NO')],
  ['command → verdict s', (row) => row.whole],
  ['command → seeded s', (row) => row.seededAfter],
  ['first start s', (row) => row.firstStart],
  ["last worker's start s", (row) => row.lastStart],
  ['last result s', (row) => row.lastResult],
  ['then zero pods s', (row) => row.zeroPods],
  ['pods', (row) => row.pods],
  ['idle', (row) => row.idlePods],
  ['late', (row) => row.latePods],
  ['useful worker-s', (row) => row.useful],
  ['wasted', (row) => row.wasted],
  ['API calls', (row) => row.apiCalls],
  ['params/s', (row) => row.parametersPerSecond],
  ['load', (row) => row.load],
];
/** Kinds of API calls that are listed by name. */
const KINDS = 8;

/** @param {Measured[]} rows */
export function table(rows) {
  return align([
    COLUMNS.map(([title]) => title),
    ...rows.map((row) => COLUMNS.map(([, value]) => String(value(row) ?? '–'))),
  ]);
}

/**
 * @param {Measured[]} rows
 * @param {Record<string, unknown>} about the cluster
 */
export function writeReport(rows, about) {
  mkdirSync('out', { recursive: true });
  const machine = { cores: cpus().length, model: cpus()[0]?.model ?? '', node: process.version, ...about };
  writeFileSync(
    resolve('out', 'bench-cluster.json'),
    `${JSON.stringify({ at: new Date(), machine, cases: rows }, null, 2)}\n`,
  );
  writeFileSync(resolve('out', 'bench-cluster.md'), markdown(rows, machine));
}

/** @param {Measured[]} rows @param {Record<string, unknown>} machine */
function markdown(rows, machine) {
  const calls = align([
    ['case', 'API calls', `the ${KINDS} most frequent`],
    ...rows.map((row) => [
      row.case,
      String(row.apiCalls),
      row.callsByKind
        .slice(0, KINDS)
        .map(([key, n]) => `${n} ${key}`)
        .join(', '),
    ]),
  ]);
  const faults = rows.flatMap(({ case: name, fault }) => (fault ? [`- ${name}: ${fault}`] : []));
  return [
    `${new Date().toISOString().slice(0, 16)}Z, ${Object.entries(machine)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ')}.`,
    '',
    table(rows),
    '',
    calls,
    '',
    ...faults,
    '',
  ].join('\n');
}

/** @param {string[][]} rows */
function align(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {string[]} */ row) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join('\n');
}
