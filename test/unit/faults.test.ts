import { describe, expect, it } from 'vitest';
import { parseFlags, UsageError } from '../../scripts/lib/args.mjs';
import { faultNames } from '../../scripts/lib/demo/named.mjs';
import { FAULTS } from '../../scripts/lib/faults/catalogue.mjs';
import { makeRng } from '../../scripts/lib/faults/rng.mjs';

describe('the schedule', () => {
  const draw = (seed: number, name: string) => Array.from({ length: 100 }, makeRng(seed, name));

  it('is the same for the same seed and fault, and another for any other', () => {
    expect(draw(1, 'partition')).toEqual(draw(1, 'partition'));
    expect(draw(1, 'partition')).not.toEqual(draw(2, 'partition'));
    expect(draw(1, 'partition')).not.toEqual(draw(1, 'worker-kill'));
  });

  it('spreads over the whole range from the first draw on', () => {
    const first = Array.from({ length: 1000 }, (_, seed) => makeRng(seed, 'x')());
    expect(Math.min(...first)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...first)).toBeLessThan(1);
    for (let tenth = 0; tenth < 10; tenth++) expect(first.filter((v) => Math.floor(v * 10) === tenth).length).toBeGreaterThan(60);
  });
});

describe('names of faults', () => {
  it('are kebab case', () => {
    for (const name of Object.keys(FAULTS)) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it('are taken one by one, or all', () => {
    expect(faultNames('worker-kill,partition')).toEqual(['worker-kill', 'partition']);
    expect(faultNames('all')).toEqual(Object.keys(FAULTS).filter((name) => FAULTS[name]?.needs.includes('process')));
  });

  it('are refused where there is no such fault', () => {
    expect(() => faultNames('worker-kill,worker-kil')).toThrow('no such fault: worker-kil');
    expect(() => faultNames(',')).toThrow('no such fault');
  });
});

describe('a flag with an optional value', () => {
  const usage = {
    name: 'x', about: '',
    flags: { fault: { type: 'optional', help: '' }, keep: { type: 'boolean', help: '' } },
  } as const;
  const parse = (...args: string[]) => parseFlags(usage, args);

  it('is false, true or its value', () => {
    expect(parse()).toEqual({ fault: false, keep: false });
    expect(parse('--fault')).toEqual({ fault: true, keep: false });
    expect(parse('--fault', '--keep')).toEqual({ fault: true, keep: true });
    expect(parse('--fault', 'all', '--keep')).toEqual({ fault: 'all', keep: true });
    expect(parse('--fault=a,b')).toEqual({ fault: 'a,b', keep: false });
  });

  it('leaves other words refused', () => {
    expect(() => parse('all')).toThrow(UsageError);
  });
});
