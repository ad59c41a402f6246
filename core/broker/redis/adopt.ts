/** Appends results that were taken from another run, some of them in flight at a time. */
import { inOrder } from '../../runtime/side-by-side.js';
import { encodeRecord } from '../../wire/record-codec.js';
import type { ResultRecord } from '../../wire/records.js';
import { toFields } from './codec.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import type { Scripts } from './scripts.js';
import type { SeederLock } from './seeder-lock.js';

const IN_FLIGHT = 32;

/** @throws Error when the lock was lost */
export async function adoptRecords(
  link: Link,
  keys: Keys,
  scripts: Scripts,
  lock: SeederLock,
  records: Iterable<ResultRecord>,
): Promise<void> {
  const send = async (record: ResultRecord): Promise<void> => {
    const fields = toFields(encodeRecord(record));
    const names = [keys.log, keys.lock, keys.done(record.runId)];
    const { start, end } = record;
    const appended = await link.run((redis, again) =>
      scripts.adopt.run(redis, names, [lock.token, again ? 1 : 0, start, end, ...fields]),
    );
    if (appended === 1) return;
    throw new Error(`lost the seeder lock ${keys.lock}: start the seeder again, it resumes what is missing`);
  };
  await inOrder(records, IN_FLIGHT, send);
}
