/** The contract of a store of values: whole objects under names that say their content. */

/** There is nothing by this name. */
export class NoSuchObject extends Error {
  override readonly name = 'NoSuchObject';
}

/**
 * Each method tries again what may pass, for about a minute.
 *
 * All of them throw StoreAway when the store does not answer in that time, and ConfigError where it is not there, or
 * refuses for good: wrong credentials, a missing bucket or folder, a right that is missing.
 */
export interface ValueStore {
  /** For people: `s3://bucket/prefix`, or the folder. */
  readonly place: string;
  /**
   * Durable when it resolves. The same name has the same content, whoever writes it: a further time changes nothing.
   * @throws Unrecordable where the store takes no object of this size
   */
  put(name: string, bytes: Buffer): Promise<void>;
  /** @throws NoSuchObject */
  get(name: string): Promise<Buffer>;
  /** No error where there is none. */
  delete(name: string): Promise<void>;
  /** Removes the folders below this one, and it, that hold nothing any more; left out where there are no folders. */
  tidy?(folder: string): Promise<void>;
}
