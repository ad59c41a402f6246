/** Runs that take no chunks, and chunks that nobody gets: what `why` says, and whether its remedy is enough. */
import { describe, expect, it } from 'vitest';
import { exitStatus } from '../../cli/diagnose/explain.js';
import type { Look, Observation } from '../../cli/diagnose/facts.js';
import { answers, depth, explained, unseeded } from './why-support.js';

type Halted = NonNullable<Look['halted']>;
const typo = { parameters: 380, error: 'typo is not defined\nat line 3', whole: false };
const byFailures = (over: Partial<Halted> = {}): Partial<Look> => ({
  halted: { reason: 'failures', maxDead: 100, commonest: typo, ...over },
  dead: 391,
  done: 0,
});

describe('a run', () => {
  it('that is halted by its failure budget names the commonest error, and the whole way out', () => {
    const answer = explained({ broker: answers(byFailures()) });
    expect(answer).toMatchObject({ state: 'stuck', cause: 'over-budget' });
    expect(exitStatus(answer)).toBe(1);
    expect(answer.sentence).toBe(
      'run-1 does not move: it is halted, since 391 parameters are dead and its failure budget allows 100; 380 died of: typo is not defined at line 3',
    );
    expect(answer.remedy).toBe(
      'mend what fails, put the dead parameters back into the queue by `npx zx scripts/dlq.mjs --action replay --all --context c --namespace ns`, ' +
        'and then `npx zx scripts/resume.mjs --run-id run-1 --context c --namespace ns`; or raise the budget (run.maxDead, MAX_DEAD) and seed the run again, which goes on with what is not dead',
    );
  });

  it('is told by the verbs of ttg where no cluster was asked', () => {
    const { remedy } = explained({ broker: answers(byFailures()), cluster: undefined });
    expect(remedy).toContain('`ttg dlq replay --all`, and then `ttg resume run-1`');
  });

  it('of this machine is told by the command that started it', () => {
    const here = { cluster: undefined, backend: 'embedded', command: 'ttg run heat.yaml' } as const;
    const remedy = (look: Partial<Look>, over: Partial<Observation> = {}): string | null =>
      explained({ ...here, broker: answers(look), ...over }).remedy;
    expect(remedy(byFailures())).toBe(
      'mend what they need, and then `ttg run heat.yaml --retry-dead`; or raise the budget: ' +
        '`ttg run heat.yaml --set run.maxDead=N`. A changed program is another run: give it a --run-id',
    );
    expect(remedy({ halted: { reason: 'cancelled', maxDead: 100, commonest: undefined } })).toBe(
      '`ttg resume run-1` takes that back, and then `ttg run heat.yaml` goes on',
    );
    expect(remedy({ done: 998, dead: 2, deadLetters: [] })).toBe(
      'mend what they need, then `ttg run heat.yaml --retry-dead`, or leave them: the run is finished',
    );
    expect(remedy({ depth: depth({ ready: 1 }) })).toBe('`ttg run heat.yaml` goes on');
    expect(remedy({ depth: depth() })).toBe('`ttg run heat.yaml` goes on with what is missing');
    expect(remedy(unseeded)).toBe('`ttg run heat.yaml` goes on with what is missing');
    expect(remedy(byFailures(), { command: undefined })).toContain(
      'the same `ttg run` command with `--retry-dead`; or raise',
    );
  });

  it('of a cluster hears nothing of `ttg run`, and one of this machine nothing of a cluster', () => {
    const halts: readonly Partial<Halted>[] = [
      {},
      { reason: 'cancelled' },
      { commonest: { ...typo, whole: true } },
      { commonest: undefined, error: 'it is not in PATH' },
    ];
    for (const halt of halts) {
      const broker = answers(byFailures(halt));
      expect(explained({ broker }).remedy).not.toContain('ttg run');
      expect(explained({ broker, cluster: undefined, backend: 'embedded' }).remedy).not.toMatch(
        /helm|chart|kubectl|image|deploy|scripts/,
      );
    }
  });

  it('whose program cannot start lost nothing, and needs only to be resumed', () => {
    const error = 'program solver cannot start: it is not in PATH';
    const answer = explained({ broker: answers({ ...byFailures({ commonest: undefined, error }), dead: 0 }) });
    expect(answer.cause).toBe('computation-unloadable');
    expect(answer.sentence).toBe(
      `run-1 does not move: it is halted, since its computation cannot start (${error}); nothing of it is lost`,
    );
    expect(answer.remedy).toMatch(/^mend the program, or the image that it is in, and then `npx zx scripts\/resume/);
  });

  it('whose chunks die as wholes has a computation that cannot be loaded', () => {
    const commonest = { parameters: 300, error: 'computation /c/own.mjs could not be loaded', whole: true };
    const answer = explained({ broker: answers(byFailures({ commonest })) });
    expect(answer.cause).toBe('computation-unloadable');
    expect(answer.sentence).toMatch(
      /its computation cannot be loaded \(computation \/c\/own\.mjs could not be loaded\)$/,
    );
    expect(answer.remedy).toMatch(
      /^mend the module, and deploy it .*replay --all.* and then .*resume\.mjs --run-id run-1/,
    );
  });

  it('that was cancelled says so, whatever else is amiss', () => {
    const cancelled = answers({ halted: { reason: 'cancelled', maxDead: 100, commonest: undefined }, dead: 3 });
    expect(explained({ broker: cancelled })).toMatchObject({
      state: 'stuck',
      cause: 'cancelled',
      sentence: 'run-1 does not move: it was cancelled',
      remedy: '`npx zx scripts/resume.mjs --run-id run-1 --context c --namespace ns` takes that back',
    });
  });

  it('that is halted and finished is finished', () => {
    const { commonest: _, ...halted } = byFailures().halted as Halted;
    const done = answers({ halted: { ...halted, commonest: undefined }, done: 609, dead: 391 });
    expect(explained({ broker: done }).cause).toBe('dead-parameters');
  });

  it('whose chunks are parked though it goes on gets them back by resuming', () => {
    const answer = explained({ broker: answers({ depth: depth({ parked: 3 }) }) });
    expect(answer).toMatchObject({ state: 'stuck', cause: 'parked' });
    expect(answer.sentence).toContain('600 parameters are neither recorded nor queued, and 3 chunks are parked');
    expect(answer.remedy).toMatch(/^`npx zx scripts\/resume\.mjs --run-id run-1 .*` puts them back into the queue$/);
  });

  it('with parked chunks of others is not held up by them', () => {
    const working = answers({ depth: depth({ leased: 2, parked: 3 }) });
    expect(explained({ broker: working }).cause).not.toBe('parked');
  });
});
