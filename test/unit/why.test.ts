/** From facts to the sentence: what is no fault, and which of several causes is named first. */
import { describe, expect, it } from 'vitest';
import type { BrokerFacts, ClusterFacts } from '../../cli/diagnose/facts.js';
import { answerText, exitStatus, type Answer } from '../../cli/diagnose/explain.js';
import {
  ago,
  depth,
  answers,
  pod,
  pending,
  owner,
  seeder,
  brokerSet,
  scaled,
  operator,
  explained,
  inCluster,
  unseeded,
} from './why-support.js';

describe('a broker that waits for its first seeder', () => {
  it.each([10, 900])('is not the root where no node has the image of the seeder (after %i s)', (age) => {
    const waiting = { reason: 'ImagePullBackOff', message: 'Back-off', image: 'ttg:nope' };
    const answer = inCluster(
      {
        brokerSet: brokerSet({ createdAt: ago(age), pods: [pending({ name: 'ttg-redis-0', createdAt: ago(age) })] }),
        seeder: seeder({ ended: undefined, pods: [pending({ waiting })] }),
      },
      { reach: 'silent', where: 'r', reason: 'no' },
    );
    expect(answer).toMatchObject({ state: 'stuck', cause: 'image-pull' });
  });
});

describe('a broker that is scaled to 0', () => {
  it.each<BrokerFacts>([{ reach: 'silent', where: 'r', reason: 'no answer for 10 s' }, answers()])(
    'is down while its last pod is on its way out, ready still (%o)',
    (broker) => {
      const answer = inCluster({ brokerSet: brokerSet({ wanted: 0, pods: [pod({ leaving: true })] }) }, broker);
      expect(answer).toMatchObject({ state: 'stuck', cause: 'broker-down' });
      expect(answer.sentence).toContain('is scaled to 0');
    },
  );
});

describe('a run that is no trouble', () => {
  it('is complete, whatever else is broken by now', () => {
    const answer = inCluster(
      { keda: { served: false, operator: undefined }, scaledJob: undefined },
      answers({ done: 1000, depth: depth() }),
    );
    expect(answer).toMatchObject({ state: 'complete', cause: null, also: [] });
    expect(answer.sentence).toBe(
      'run-1 is complete: all 1,000 parameters have their result, computed at 50 parameters/s',
    );
    expect(exitStatus(answer)).toBe(0);
  });

  it('moves: how many are left, how many workers there are, how fast they are, and that the maximum is no fault', () => {
    const job = owner();
    const moving = inCluster(
      { jobs: [job, job], scaledJob: scaled({ maxReplicas: 2 }) },
      answers({ done: 460 }, { done: 400 }),
    );
    expect(moving.sentence).toBe(
      'run-1 is moving: 540 of 1,000 parameters are left, 2 workers (the most that worker.maxReplicas allows) at 10 parameters/s, about 54 s to go',
    );
    expect(exitStatus(moving)).toBe(0);
    expect(inCluster({ jobs: [job] }, answers({ done: 460, dead: 3 }, { done: 400 })).sentence).toMatch(
      /1 worker at 10.* to go, 3 parameters dead$/,
    );
  });

  it('moves although something is amiss, which it says too', () => {
    const answer = inCluster(
      { jobs: [owner()], keda: { served: true, operator: { ...operator, ready: 0 } } },
      answers({ done: 460 }, { done: 400 }),
    );
    expect(answer).toMatchObject({ state: 'moving', also: [{ cause: 'keda-not-ready' }] });
  });

  it('computes a long chunk, which is not a hung worker while it is within its limit', () => {
    const answer = inCluster({ jobs: [owner()] }, answers({ depth: depth({ ready: 5, leased: 1 }) }));
    expect(answer.sentence).toBe(
      'run-1 is computing: 1 chunk held by 1 worker, none has ended for 600 s, and a chunk may take 1500 s (worker.chunkTimeoutSeconds)',
    );
    expect(exitStatus(answer)).toBe(0);
  });

  it('counts the age of a chunk from the start of the worker, not from the last result of days ago', () => {
    const fresh = owner({ pods: [pod({ startedAt: ago(30) })] });
    expect(
      inCluster(
        { jobs: [fresh] },
        answers({ lastResultAt: ago(90_000), seededAt: ago(99_000), depth: depth({ leased: 1 }) }),
      ),
    ).toMatchObject({ state: 'moving', sentence: expect.stringContaining('for 30 s') as string });
  });

  it('is being seeded, or waits for a retry', () => {
    expect(explained({ broker: answers({ unseeded: 200 }, { unseeded: 600 }) }).sentence).toBe(
      'run-1 is being seeded: 800 parameters of 1,000 are published',
    );
    expect(explained({ broker: answers({ depth: depth({ delayed: 2 }) }) }).sentence).toContain(
      'waits: 2 chunks failed and will be tried again',
    );
  });

  it.each<[string, Partial<ClusterFacts>, BrokerFacts]>([
    [
      'broker pod p-1 has been starting for 10 s',
      { brokerSet: brokerSet({ createdAt: ago(10), pods: [pending({ createdAt: ago(10) })] }) },
      { reach: 'silent', where: 'r', reason: 'no' },
    ],
    [
      'the broker ttg-redis has been starting for 20 s',
      { brokerSet: brokerSet({ pods: [pod({ ready: false, startedAt: ago(20) })] }) },
      { reach: 'silent', where: 'r', reason: 'no' },
    ],
    [
      'the seeder has been at work for 5 s',
      { seeder: seeder({ ended: undefined, pods: [pod({ startedAt: ago(5) })] }) },
      answers(unseeded),
    ],
    [
      'the seeder Job ttg-seeder has been starting for 5 s',
      { seeder: seeder({ ended: undefined, createdAt: ago(5), pods: [] }) },
      answers(unseeded),
    ],
    ['KEDA has not looked', { scaledJob: scaled({ createdAt: ago(5), conditions: [] }) }, answers()],
    ['KEDA has not started a worker yet', {}, answers({ seededAt: ago(3), lastResultAt: undefined })],
    ['has no pod yet', { jobs: [owner({ createdAt: ago(2), pods: [] })] }, answers()],
    [
      'worker pod p-1 has been starting for 8 s',
      { jobs: [owner({ pods: [pending({ createdAt: ago(8) })] })] },
      answers(),
    ],
    ['1 worker up, the youngest for 3 s', { jobs: [owner({ pods: [pod({ startedAt: ago(3) })] })] }, answers()],
  ])('is on its way while that is young: %s', (sentence, facts, broker) => {
    const answer = inCluster(facts, broker);
    expect(answer).toMatchObject({ state: 'moving', cause: 'starting', remedy: null });
    expect(answer.sentence).toContain(sentence);
  });
});

describe('the root comes first', () => {
  it('in the order of the chain, and what follows from it after it', () => {
    const answer = inCluster(
      {
        keda: { served: true, operator: { ...operator, ready: 0, wanted: 0 } },
        brokerSet: brokerSet({ wanted: 0, pods: [] }),
        scaledJob: scaled({ paused: true }),
        jobs: [owner({ pods: [pending({ unschedulable: 'no' })] })],
      },
      { reach: 'silent', where: 'r:1', reason: 'refused' },
    );
    expect([answer.cause, ...answer.also.map(({ cause }) => cause)]).toEqual([
      'keda-not-ready',
      'broker-down',
      'paused',
      'unschedulable',
    ]);
    expect(answerText(answer).split('\n')[2]).toBe('also: the broker is down: StatefulSet ttg-redis is scaled to 0');
  });

  it('a worker that crashed before the last result is history', () => {
    const crashed = owner({
      ended: 'Failed',
      pods: [pod({ phase: 'Failed', ready: false, exit: { code: 1, reason: 'Error', at: ago(700) } })],
    });
    expect(inCluster({ jobs: [crashed] })).toMatchObject({ cause: 'no-jobs' });
  });

  it('one worker without room is no reason while another one computes', () => {
    const blocked = owner({ name: 'b', pods: [], createError: 'exceeded quota: q' });
    expect(inCluster({ jobs: [blocked, owner()] }, answers({ depth: depth({ ready: 9, leased: 1 }) }))).toMatchObject({
      state: 'moving',
      also: [{ cause: 'quota' }],
    });
  });
});

describe('with the broker alone', () => {
  const alone = (broker: BrokerFacts): Answer =>
    explained({ broker, cluster: undefined, chunkTimeoutSeconds: undefined });

  it('says what it can, and where the rest can be asked', () => {
    expect(alone({ reach: 'silent', where: 'h:1', reason: 'no' })).toMatchObject({ cause: 'broker-down' });
    expect(alone({ reach: 'refused', where: 'h:1', reason: 'no' }).sentence).toContain(
      'the password in the environment',
    );
    expect(alone(answers(unseeded))).toMatchObject({ cause: 'nothing-seeded' });
    expect(alone(answers())).toMatchObject({
      cause: 'no-workers',
      remedy: expect.stringContaining('scripts/why.mjs') as string,
    });
    expect(alone(answers({ depth: depth({ leased: 1, stale: 1 }) })).sentence).toContain(
      'have missed their heartbeats, and no other takes them over',
    );
    expect(alone(answers({ depth: depth({ leased: 1 }) }))).toMatchObject({ state: 'moving' });
    expect(alone(answers({ done: 999, dead: 1 }))).toMatchObject({ cause: 'dead-parameters' });
  });
});
