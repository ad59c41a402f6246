/** A run on this machine: what `ttg run` is made of. */
export { prepare, readRunFile } from './prepare.js';
export { plansOf, type Plans } from './plans.js';
export { runHere } from './run.js';
export { dryRun } from './dry-run.js';
export { ownCommand } from './words.js';
export { runOnCluster } from './on-cluster.js';
export { runIdOf } from './run-id.js';
