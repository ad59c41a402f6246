import { describe, expect, it } from 'vitest';
import { parseFlags, UsageError } from '../../ops/script/args.js';
import { faultNames } from '../../faults/series.js';
import { CLUSTER_FAULTS, PROCESS_FAULTS } from '../../faults/catalogue.js';
import { makeRng } from '../../faults/rng.js';

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
    for (let tenth = 0; tenth < 10; tenth++)
      expect(first.filter((v) => Math.floor(v * 10) === tenth).length).toBeGreaterThan(60);
  });
});

describe('names of faults', () => {
  const local = (list: string): string[] => faultNames(list, PROCESS_FAULTS, CLUSTER_FAULTS);

  it('are kebab case', () => {
    for (const name of Object.keys({ ...PROCESS_FAULTS, ...CLUSTER_FAULTS }))
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it('mean the same everywhere: a cluster has all that processes have', () => {
    expect(Object.keys(PROCESS_FAULTS).filter((name) => !(name in CLUSTER_FAULTS))).toEqual([]);
  });

  it('are taken one by one, or all', () => {
    expect(local('worker-kill,partition')).toEqual(['worker-kill', 'partition']);
    expect(local('all')).toEqual(Object.keys(PROCESS_FAULTS));
  });

  it('are refused where there is no such fault, or only on a cluster', () => {
    expect(() => local('worker-kill,worker-kil')).toThrow('no such fault: worker-kil');
    expect(() => local(',')).toThrow('no such fault');
    expect(() => local('node-drain')).toThrow('needs a cluster: node-drain');
  });
});

describe('a flag with an optional value', () => {
  const usage = {
    name: 'x',
    about: '',
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
