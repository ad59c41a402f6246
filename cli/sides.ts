/** The runs that are compared, each where it is: in the log of a broker, or in a folder, which is read as it lies there. */
import { connect } from '../core/broker/connect.js';
import type { Broker } from '../core/broker/port.js';
import type { Config } from '../core/runtime/config.js';
import { ConfigError } from '../core/runtime/errors.js';
import type { Program } from '../core/runtime/lifecycle.js';
import { storeSettings, withStoreOf } from '../core/store/of-folder.js';
import { Stores } from '../core/store/open.js';
import { fetchingFrom, type FetchValues } from '../core/store/read-values.js';
import { sweepOfPlan } from '../core/sweep/read.js';
import { readTable, type Table } from '../core/table/table.js';
import { folderOf, logElsewhere } from './run-folder.js';

interface Side {
  /** Equal for equal runs. */
  readonly place: string;
  table(): Promise<Table>;
}

export class Sides implements AsyncDisposable {
  readonly #program: Program;
  #broker: Promise<Broker> | undefined;

  constructor(program: Program) {
    this.#program = program;
  }

  /** @throws ConfigError where there is no such run */
  async of(given: string): Promise<Side> {
    const { config } = this.#program;
    const folder = folderOf(config, given);
    if (folder && !folder.hasLog) throw new ConfigError(logElsewhere(folder));
    if (folder) {
      const fetchValues = this.#fetching(withStoreOf(folder.meta, config));
      return { place: folder.path, table: () => tableOf(folder, folder.runId, fetchValues) };
    }
    if (!config.QUEUE_MODE)
      throw new ConfigError('static mode (QUEUE_MODE=false) has no log that runs share: there is one run a Job');
    const { log, stop } = this.#program;
    const broker = await (this.#broker ??= connect(config, log, stop));
    return { place: given, table: () => tableOf(broker, given, this.#fetching(config)) };
  }

  /** Where no store is known, digests may answer the question. */
  #fetching(config: Config): FetchValues | undefined {
    return storeSettings(config) ? fetchingFrom(new Stores(config, { stop: this.#program.stop })) : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#broker)?.[Symbol.asyncDispose]();
  }
}

const tableOf = (log: Pick<Broker, 'records'>, runId: string, fetchValues: FetchValues | undefined): Promise<Table> =>
  readTable(
    () => log.records(),
    runId,
    async (plan) => (await sweepOfPlan(plan))?.parameters,
    fetchValues,
  );
