/** A batch of settlements → the fewest steps that carry it out, and an answer for each of them. */
import type { Settlement } from '../port.js';
import type { Chunk } from '../../model/chunk.js';
import { SettledBefore, Unrecordable } from '../../runtime/errors.js';
import type { Item } from './batches.js';
import type { RedisDelivery } from './delivery.js';
import { Settler } from './settler.js';

type Answers = (Error | undefined)[];
type Of<Verb extends Settlement['verb']> = Extract<Settlement, { verb: Verb }> & { readonly delivery: RedisDelivery };

/**
 * @param held loses what is settled
 * @param recorded told of each chunk whose result is recorded
 */
export async function settleAll(
  settlements: readonly Settlement[],
  settler: Settler,
  held: Map<string, RedisDelivery>,
  recorded: ((chunk: Chunk) => void) | undefined,
): Promise<Answers> {
  const answers: Answers = new Array<Error | undefined>(settlements.length).fill(undefined);
  const places = new Map<Settlement, number>(settlements.map((settlement, i) => [settlement, i]));
  const open = settlements.filter((settlement) => {
    const error = claim(settlement);
    if (error) answers[places.get(settlement) as number] = error;
    return !error;
  });

  /** Carries out some of them by one step, which answers whether each lease was held. */
  const by = async <S extends Settlement>(some: readonly S[], step: (some: readonly S[]) => Promise<boolean[]>) => {
    if (some.length === 0) return;
    const done = await step(some);
    some.forEach((settlement, i) => {
      const delivery = settlement.delivery as RedisDelivery;
      held.delete(delivery.lease.id);
      if (!done[i]) answers[places.get(settlement) as number] = delivery.lost();
      else if (settlement.verb === 'complete') recorded?.(delivery.chunk);
    });
  };
  const all = <Verb extends Settlement['verb']>(verb: Verb): Of<Verb>[] =>
    open.filter((settlement): settlement is Of<Verb> => settlement.verb === verb);
  const leases = (some: readonly Settlement[]) => some.map(({ delivery }) => (delivery as RedisDelivery).lease);
  const deliveries = (some: readonly Settlement[]) => some.map(({ delivery }) => delivery as RedisDelivery);

  const items = new Map<Of<'complete'>, Item>();
  for (const completion of all('complete')) {
    const item = itemOf(completion);
    if (item instanceof Unrecordable) answers[places.get(completion) as number] = item;
    else items.set(completion, item);
  }
  const itemsOf = (some: readonly Of<'complete'>[]) => some.map((each) => items.get(each) as Item);
  const whole = [...items.keys()].filter(({ rest }) => !rest);
  const partly = [...items.keys()].filter(({ rest }) => rest);
  await Promise.all([
    by(whole, (some) => settler.complete(itemsOf(some))),
    ...partly.map((each) =>
      by([each], async () => [await settler.completePart(items.get(each) as Item, each.rest ?? [])]),
    ),
    ...all('split').map((each) => by([each], async () => [await settler.split(each.delivery.lease, each.pieces)])),
    ...all('dead-letter').map((each) => by([each], async () => [await settler.bury(each.delivery, each.death)])),
    by(all('retry'), (some) => settler.retry(leases(some))),
    by(all('release'), (some) => settler.release(leases(some))),
    by(all('park'), (some) => settler.remove(deliveries(some), true)),
    by(all('discard'), (some) => settler.remove(deliveries(some), false)),
  ]);
  return answers;
}

/** Marks the delivery as settled, unless it was before. */
function claim({ delivery, verb }: Settlement): Error | undefined {
  const own = delivery as RedisDelivery;
  if (own.settledBy !== undefined) {
    return new SettledBefore(
      `${verb} of chunk ${own.chunk.chunkId}, which was settled by ${own.settledBy} before: a delivery is settled once`,
    );
  }
  own.settledBy = verb;
  return undefined;
}

/** What the log can never take stays held, for another verb. */
function itemOf(completion: Of<'complete'>): Item | Unrecordable {
  try {
    return Settler.item(completion.delivery, completion);
  } catch (error) {
    if (!(error instanceof Unrecordable)) throw error;
    completion.delivery.settledBy = undefined;
    return error;
  }
}
