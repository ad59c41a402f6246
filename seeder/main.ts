#!/usr/bin/env node
/** The seeder: makes the broker's password, waits for the broker, wakes the scaler, publishes what is missing. */
import { connect } from '../core/broker/connect.js';
import { inClusterApi } from '../core/runtime/incluster.js';
import { runMain } from '../core/runtime/lifecycle.js';
import { withPassword } from './password.js';
import { seed } from './seed.js';
import { removeStaleJobs } from './stale-jobs.js';
import { wakeScaler } from './wake.js';

runMain('seeder', async ({ config: given, log, stop }) => {
  const config = await withPassword(given, log, stop, inClusterApi);
  const cleared = removeStaleJobs(config, log, stop, inClusterApi);
  await using broker = await connect(config, log, stop);
  await broker.prepare();
  // First, because waking restarts KEDA's loop, and with it whatever Jobs that loop was about to create.
  await wakeScaler(config, log, inClusterApi);
  await seed({ broker, config, log, stop });
  await cleared;
  return stop.aborted ? 1 : 0;
});
