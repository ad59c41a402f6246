/**
 * A suite that could not fail proves nothing: fence, order and deduplication are broken on purpose, and the verdict
 * must say so.
 */
import { describe, expect, inject, test } from 'vitest';
import { IntervalSet } from '../../core/model/interval.js';
import { Ledger, readLedger } from '../../core/ledger/ledger.js';
import type { LogEntry } from '../../core/wire/records.js';
import { judge, type Verdict } from '../../core/ledger/verdict.js';
import { Bench, planRecord, publish, readLog, receive, receiveOne, resultOf } from '../support/bench.js';
import { ackThenDie, unfenced } from '../support/broken.js';
import { append, type Worker } from '../support/worker.js';

const CHUNKS = 10;

async function seeded(bench: Bench): Promise<Worker> {
  const broker = await bench.worker('seeder');
  await append(broker, planRecord());
  await publish(broker, CHUNKS);
  return broker;
}

async function completeRest(broker: Worker, count: number, workerId: string): Promise<void> {
  for (let left = count; left > 0;) {
    const deliveries = await receive(broker, 1);
    for (const delivery of deliveries) await delivery.complete(resultOf(delivery.chunk, workerId));
    left -= deliveries.length;
  }
}

async function verdictOf(broker: Worker): Promise<Verdict> {
  return judge(await readLedger(() => broker.records(), 'run-1'));
}

/** Whose parameters, once counted, can be counted again. */
class Forgetful extends Ledger {
  override readonly covered = new (class extends IntervalSet {
    override overlap(): number {
      return 0;
    }
  })();
}

function judgeForgetfully(entries: readonly LogEntry[]): Verdict {
  const ledger = new Forgetful('run-1');
  for (const entry of entries) ledger.add(entry);
  return judge(ledger);
}

for (const backend of ['redis', 'rabbitmq'] as const) {
  describe(`${backend}: the verdict catches`, () => {
    const local = inject(backend);
    const bench = () => new Bench(local, { staleMs: 1000 });

    test('nothing where nothing is broken', async () => {
      await using b = bench();
      const broker = await seeded(b);
      await completeRest(broker, CHUNKS, 'w1');
      expect(await verdictOf(broker)).toMatchObject({ outcome: 'complete', faults: [], deduplicated: 0 });
      expect(judgeForgetfully(await readLog(broker))).toMatchObject({ outcome: 'complete' });
    });

    test('a fence that lets a worker settle what another one has settled, with another value', async () => {
      await using b = bench();
      const broker = await seeded(b);
      const frozen = await b.mortal('frozen');
      const late = await receiveOne(frozen.broker);
      // No heartbeat comes from it any more: its chunk goes to another.
      frozen.die();
      await completeRest(broker, CHUNKS, 'w2');
      expect(await verdictOf(broker)).toMatchObject({ outcome: 'complete' });

      const other = {
        ...resultOf(late.chunk, 'frozen'),
        digest: 'f'.repeat(32),
        summary: { sum: '99', count: 10, min: 0, max: 1 },
      };
      await unfenced(late, local, b.prefix).complete(other);
      const verdict = await verdictOf(broker);
      expect(verdict.outcome).toBe('incomplete');
      const { start, end } = late.chunk;
      expect(verdict.conflicts).toMatchObject([
        { start, end, first: { workerId: 'w2' }, second: { workerId: 'frozen', digest: 'f'.repeat(32) } },
      ]);
      expect(verdict.faults.join()).toContain('unequal results');
    });

    test('an acknowledgement before the record, and a death between the two', async () => {
      await using b = bench();
      const broker = await seeded(b);
      const { start, end } = await ackThenDie(local, b.prefix);
      await completeRest(broker, CHUNKS - 1, 'w2');
      const verdict = await verdictOf(broker);
      expect(verdict).toMatchObject({ outcome: 'incomplete', missing: [{ start, end }] });
      expect(verdict.faults.join()).toContain('neither result nor dead letter');
    });

    test('a ledger that counts a second, equal record', async () => {
      await using b = bench();
      const broker = await seeded(b);
      const [first, ...rest] = await receive(broker, CHUNKS);
      if (!first) throw new Error('nothing was received');
      for (const delivery of [first, ...rest]) await delivery.complete(resultOf(delivery.chunk));
      await unfenced(first, local, b.prefix).complete(resultOf(first.chunk));

      expect(await verdictOf(broker)).toMatchObject({
        outcome: 'complete',
        deduplicated: 1,
        parameters: { duplicated: 0 },
      });
      const verdict = judgeForgetfully(await readLog(broker));
      expect(verdict).toMatchObject({ outcome: 'incomplete', parameters: { duplicated: 10 } });
      expect(verdict.faults.join()).toContain('entered the aggregate twice');
    });
  });
}
