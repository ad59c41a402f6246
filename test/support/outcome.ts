/** What must be true of a run that a fault was played on, wherever it was: sets are compared, not counts. */
import { expect } from 'vitest';
import type { Outcome } from '../../faults/experiment.js';
import type { Poison } from '../../faults/types.js';

/** @param poison parameters that are dead in the end; no other one may be */
export function expectAsWithout(name: string, outcome: Outcome, poison: Poison | undefined): void {
  const dead = poison?.parameters ?? [];
  const { verdict, certificate } = outcome;
  const { expected } = verdict.parameters;
  const wanted = dead.length > 0 ? 'complete with dead parameters' : 'complete';
  expect(outcome.covered).toEqual(allBut(dead, expected));
  expect(verdict).toMatchObject({
    outcome: wanted,
    faults: [],
    missing: [],
    conflicts: [],
    digest: outcome.reference,
  });
  expect(verdict.parameters).toEqual({
    expected,
    ok: expected - dead.length,
    dead: dead.length,
    missing: 0,
    duplicated: 0,
  });
  expect(verdict.dead.map(({ start, end }) => [start, end]).sort()).toEqual(dead.map((one) => [one, one]).sort());
  expect(certificate).toMatchObject({
    outcome: wanted,
    injected: [{ name }],
    parameters: { lost: 0, duplicated: 0, conflicting: 0 },
  });
}

/** The intervals that are left of 0 … total − 1. */
function allBut(parameters: readonly number[], total: number): { start: number; end: number }[] {
  const borders = [-1, ...parameters, total];
  return borders
    .slice(1)
    .map((end, n) => ({ start: (borders[n] as number) + 1, end: end - 1 }))
    .filter(({ start, end }) => start <= end);
}
