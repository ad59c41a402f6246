/** What differs between two sweep documents, in words for people: which axis, which value, which part of the computation. */
import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical.js';
import type { SweepDocument } from './sweep.js';
import { isObject } from './value.js';

const MOST_CHANGES = 8;
const LONGEST = 60;

/** `parameters.grid.alpha.steps 10 → 20`, one for each part that differs; empty where they are equal. */
export function sweepChanges(known: SweepDocument, wanted: SweepDocument): readonly string[] {
  const changes = [
    ...changesIn('parameters', listedByName(known.parameters), listedByName(wanted.parameters)),
    ...orderChange(known.parameters['grid'], wanted.parameters['grid']),
    ...changesIn('computation', deciding(known.computation), deciding(wanted.computation)),
    ...textChanges('source', known.source, wanted.source),
    ...textChanges('table', known.table, wanted.table),
  ];
  const more = changes.length - MOST_CHANGES;
  return more > 0 ? [...changes.slice(0, MOST_CHANGES), `and ${more} more`] : changes;
}

function changesIn(path: string, known: unknown, wanted: unknown): string[] {
  if (isObject(known) && isObject(wanted)) {
    const names = [...new Set([...Object.keys(known), ...Object.keys(wanted)])].sort();
    return names.flatMap((name) => changesIn(`${path}.${name}`, known[name], wanted[name]));
  }
  if (Array.isArray(known) && Array.isArray(wanted) && known.length === wanted.length) {
    const changes = known.flatMap((each, i) => changesIn(`${path}[${i}]`, each, wanted[i]));
    if (changes.length <= 2) return changes;
  }
  const [before, after] = [show(known), show(wanted)];
  if (before === after && textOf(known) === textOf(wanted)) return [];
  if (known === undefined) return [`${path} ${after} added`];
  if (wanted === undefined) return [`${path} ${before} removed`];
  return [`${path} ${before} → ${after}`];
}

/** Files as texts: of two, the first line that differs. */
function textChanges(name: string, known: string | undefined, wanted: string | undefined): string[] {
  if (known === wanted) return [];
  if (known === undefined) return [`${name} ${hash(wanted)} added`];
  if (wanted === undefined) return [`${name} ${hash(known)} removed`];
  const [before, after] = [known.split('\n'), wanted.split('\n')];
  const line = before.findIndex((text, i) => text !== after[i]);
  const at = line < 0 ? before.length : line;
  return [`${name} from line ${at + 1} on (${cut(before[at] ?? 'its end')} → ${cut(after[at] ?? 'its end')})`];
}

/** A grid as a list says the same of its axes as a mapping does. */
function listedByName(parameters: SweepDocument['parameters']): SweepDocument['parameters'] {
  const { grid } = parameters;
  if (!Array.isArray(grid)) return parameters;
  const named = grid.map((axis: unknown, i): [string, unknown] => [
    isObject(axis) ? String(axis['name']) : `${i}`,
    axis,
  ]);
  return { ...parameters, grid: Object.fromEntries(named) };
}

/** The order of axes is that of the parameters. */
function orderChange(known: unknown, wanted: unknown): string[] {
  if (!Array.isArray(known) || !Array.isArray(wanted)) return [];
  const [before, after] = [known, wanted].map((axes: unknown[]) =>
    axes.map((axis) => (isObject(axis) ? axis['name'] : '')),
  );
  const same = textOf([...(before ?? [])].sort()) === textOf([...(after ?? [])].sort());
  return same && textOf(before) !== textOf(after) ? [`parameters.grid's order ${show(before)} → ${show(after)}`] : [];
}

/** What changes no value may differ. */
function deciding(computation: SweepDocument['computation'] = {}): Readonly<Record<string, unknown>> {
  const { batch: _, concurrency: __, timeoutSeconds: ___, memory: ____, ...rest } = computation;
  return rest;
}

const textOf = (value: unknown): string => (value === undefined ? 'nothing' : canonicalJson(value));
const show = (value: unknown): string => cut(textOf(value));
const cut = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`);
const hash = (text: string | undefined): string =>
  createHash('sha256')
    .update(text ?? '')
    .digest('hex')
    .slice(0, 8);
