/** The sweeps that are measured, as their user would write them. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The size at which dask/distributed #2181 never starts. */
const FULL = 3_123_120;
/** Parameters of the fastest axis come in blocks of so many: see check_table.py. */
const SIDE = 100;

/** @typedef {{ total: number, yaml: string, program: string }} Case */

/**
 * A number of four numbers: 0.3 µs of Python.
 * @param {number} size one of 77ths of the whole @param {number} [batch] parameters in a line; one, in the plain form
 * @returns {Case}
 */
export function numbers(size = FULL, batch) {
  // The slowest axes are those of peers/sweep.py; only the last one is cut.
  const seeds = Math.max(1, Math.floor((size / FULL) * 77));
  return {
    total: (FULL / 77) * seeds,
    yaml: yaml(
      `    alpha: {from: 0, to: 1, steps: 40}
    beta: {from: 1, to: 39}
    k: {from: 1, to: 26}
    seed: {from: 1, to: ${seeds}}`,
      batch,
    ),
    program: program('return alpha * k + beta * seed', 'alpha, beta, k, seed', batch),
  };
}

/** An object of three columns. @param {number} total a multiple of 10,000 @returns {Case} */
export function objects(total) {
  return {
    total,
    yaml: yaml(`    u: {from: 0, to: 1, steps: ${SIDE}}
    v: {from: 1, to: ${SIDE}}
    w: {from: 0, to: ${total / SIDE / SIDE - 1}}`),
    program: program('return {"sum": u + v * w, "even": w % 2 == 0, "name": f"{v}-{w}"}', 'u, v, w'),
  };
}

/** @param {Case} one @returns {string} a new folder with its files */
export function folderOf({ yaml, program }) {
  mkdirSync(tmpdir(), { recursive: true });
  const dir = mkdtempSync(join(tmpdir(), 'ttg-sweep-'));
  writeFileSync(join(dir, 'sweep.yaml'), yaml);
  writeFileSync(join(dir, 'program.py'), program);
  return dir;
}

/** @param {string} grid @param {number} [batch] */
const yaml = (grid, batch) => `parameters:
  grid:
${grid}
computation:
  command: [python3, "{source}"]
  protocol: lines
${batch === undefined ? '' : `  batch: ${batch}\n`}`;

const ONE = 'print(json.dumps({"index": asked["index"], "value": compute(**asked["parameter"])}))';
const MANY =
  'print(json.dumps({"index": asked["index"], "values": [compute(**each) for each in asked["parameters"]]}))';

/** As docs/programs.md has it. @param {string} body @param {string} names @param {number} [batch] */
const program = (body, names, batch) => `import json, sys

def compute(${names}):
    ${body}

for line in sys.stdin:
    asked = json.loads(line)
    ${batch === undefined ? ONE : MANY}
`;
