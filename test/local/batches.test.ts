/** `ttg run` of Python that takes many parameters in a line: the same results as one in a line, whatever goes wrong. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { placeWith } from '../support/run-file.js';

const FILE = `
parameters:
  grid: {a: {from: 0, to: 49}, b: {from: 0, to: 99, steps: 100}}
computation: {command: [python3, "{source}"], protocol: lines, timeoutSeconds: 1}
worker: {maxRetries: 0}
`;
const BATCHES = FILE.replace('lines,', 'lines, batch: 100, concurrency: 2,');

/** 5000 parameters; three of them fail, each in another way. */
const COMPUTE = `
import json, os, sys, time

def compute(a, b):
    if (a, b) == (20, 20): raise ValueError("singular")
    if (a, b) == (30, 30): os._exit(3)
    if (a, b) == (40, 40): time.sleep(60)
    return {"sum": a + b, "nan": float("nan")} if b % 2 else a / (b + 1)
`;
const ONE = `${COMPUTE}
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"index": asked["index"], "value": compute(**asked["parameter"])}))
`;
const MANY = `${COMPUTE}
for line in sys.stdin:
    asked = json.loads(line)
    print("debug", asked["index"], end=" ")
    print(json.dumps({"index": asked["index"], "values": [compute(**each) for each in asked["parameters"]]}))
    print(len(line))
`;
const ONLY_VALUE = `${COMPUTE}
for line in sys.stdin:
    print(compute(**json.loads(line)["parameter"]))
`;

const python = spawnSync('python3', ['--version']).status === 0;

describe.skipIf(!python)('a program of Python', { timeout: 180_000 }, () => {
  it('in batches gives the results of one parameter a line, and loses only those that fail', async () => {
    using place = placeWith({ 'one.yaml': FILE, 'many.yaml': BATCHES, 'one.py': ONE, 'many.py': MANY });
    const one = await place.run('one.yaml', '--source', 'one.py', '-j', '2');
    const many = await place.run('many.yaml', '--source', 'many.py', '-j', '2');
    for (const { status, stdout, stderr } of [one, many]) {
      expect(status).toBe(3);
      expect(stdout).toContain('5000 expected: 4997 results, 3 dead, 0 missing, 0 counted twice');
      expect(stderr).toMatch(/parameter 2020 .*ValueError: singular/);
      expect(stderr).toMatch(/parameter 3030 .*ended with status 3/);
      expect(stderr).toMatch(/parameter 4040 .*took longer than/);
    }
    expect(many.digest).toBe(one.digest);
  });

  it('that answers the value alone is refused at once, with what it printed and what an answer is', async () => {
    using place = placeWith({ 'one.yaml': FILE, 'value.py': ONLY_VALUE });
    const { status, stderr } = await place.run('one.yaml', '--source', 'value.py');
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /It printed \{'sum': 148, 'nan': nan\}, which is no answer: that is \{"index": …, "value": …\}, with the index of the line that it read/,
    );
    expect(stderr).toContain('Nothing was published');
  });
});
