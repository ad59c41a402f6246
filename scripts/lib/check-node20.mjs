#!/usr/bin/env node
/** Holds the floor: everything that runs on a developer's machine runs on the oldest Node that package.json admits. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import semver from 'semver';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../..');
const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const floor = semver.minVersion(engines.node)?.version ?? '20.19.0';

/** Syntax that a newer Node parses and the floor does not; `node --check` under the floor itself finds these too. */
const NEWER = [
  { pattern: /^\s*(?:await\s+)?using\s+[\w$]+\s*=/m, what: 'an explicit resource declaration (`using`)' },
  {
    pattern: /^\s*(?:import|export)\b[^;'"]*from\s*['"][^'"]+['"]\s*with\s*\{/m,
    what: 'an import attribute (`with { … }`)',
  },
  { pattern: /\bimport\.(?:defer|source)\b/, what: 'a deferred import' },
];

/** @returns {string[]} */
function dependencyProblems() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return Object.entries(packages).flatMap(([path, entry]) => {
    const range = /** @type {{ engines?: { node?: string } }} */ (entry).engines?.node;
    if (!path || !range || semver.satisfies(floor, range)) return [];
    return [
      `${path.replace(/^.*node_modules\//, '')}: needs Node ${range}, which excludes ${floor}; take an older version of it`,
    ];
  });
}

/** @returns {string[]} */
function scriptProblems() {
  const files = readdirSync(join(ROOT, 'scripts'), { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.mjs'));
  return files.flatMap((file) => {
    const path = join(ROOT, 'scripts', file);
    const text = readFileSync(path, 'utf8');
    const newer = NEWER.filter(({ pattern }) => pattern.test(text)).map(
      ({ what }) => `scripts/${file}: has ${what}, which Node ${floor} cannot parse`,
    );
    const parsed = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8' });
    return parsed.status === 0 ? newer : [...newer, `scripts/${file}: ${parsed.stderr.trim()}`];
  });
}

const problems = [...dependencyProblems(), ...scriptProblems()];
for (const problem of problems) console.error(problem);
if (problems.length) process.exitCode = 1;
else console.log(`Every dependency and every script runs on Node ${floor}.`);
