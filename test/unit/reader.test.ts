/** Which commands a pod of the release has to run, and with which words. */
import { describe, expect, it } from 'vitest';
import { readsValues, writingThere } from '../../ops/cluster/reader.js';

describe('a command of ttg on a release whose values lie in a store', () => {
  it.each<[args: string[], reads: boolean]>([
    [['results'], false],
    [['results', '--json'], false],
    [['results', '--csv'], true],
    [['results', '--format=csv', '--top=3'], true],
    [['results', '--format', 'csv'], true],
    [['results', '--out=run.parquet'], true],
    [['verify', '--wait'], false],
    [['verify', '--values'], true],
    [['diff', 'run-1', 'run-2'], true],
    [['status', '--json'], false],
  ])('%j: reads values: %s', (args, reads) => {
    expect(readsValues(args)).toBe(reads);
  });

  it.each([[['--out=a/run.parquet']], [['--out', 'a/run.parquet']]])('writes %j in the pod, to be fetched', (out) => {
    const { path, inPod, command } = writingThere(['results', ...out, '--failed']);
    expect([path, inPod]).toEqual(['a/run.parquet', '/out/run.parquet']);
    expect(command).toEqual(['results', '--out=/out/run.parquet', '--failed']);
  });

  it('is left as it is where it writes no file', () => {
    expect(writingThere(['verify', '--values'])).toEqual({ command: ['verify', '--values'] });
  });
});
