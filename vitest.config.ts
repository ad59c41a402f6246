/** Projects by what they need: nothing, brokers of this machine, helm, or a cluster. Only `e2e` needs a cluster. */
import { defineConfig } from 'vitest/config';
import LongestFirst from './test/support/sequencer.js';

/**
 * Two cores: projects with brokers or processes of their own do not run beside each other, nor, mostly, do their files.
 */
const alone = (groupOrder: number) => ({ fileParallelism: false, maxWorkers: 1, sequence: { groupOrder } });
/** These mostly wait, for leases that lapse, statistics that lag and workers that leave: a few files side by side. */
const aside = (groupOrder: number) => ({ maxWorkers: 4, sequence: { groupOrder } });

/** The chart renders the same with both versions of Helm that users have. */
const chartWith = (helmMajor: 3 | 4) => ({
  include: ['test/chart/**/*.test.ts'],
  globalSetup: ['test/chart/setup.ts'],
  provide: { helmMajor },
  testTimeout: 60_000,
  hookTimeout: 60_000,
  ...aside(0),
});

export default defineConfig({
  test: {
    passWithNoTests: true,
    sequence: { sequencer: LongestFirst },
    // What brokers and programs print is shown with the test that fails.
    silent: 'passed-only',
    projects: [
      // Many of these wait for processes of their own: more workers than cores.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 10_000, ...aside(0) } },
      { test: { name: 'chart', ...chartWith(4) } },
      { test: { name: 'chart-helm3', ...chartWith(3) } },
      {
        test: {
          name: 'contract',
          include: ['test/contract/*.test.ts'],
          globalSetup: ['test/support/provider.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          maxConcurrency: 3,
          ...aside(1),
        },
      },
      {
        test: {
          name: 'local',
          include: ['test/local/**/*.test.ts'],
          globalSetup: ['test/support/provider.ts', 'test/local/setup.ts'],
          testTimeout: 150_000,
          hookTimeout: 180_000,
          maxConcurrency: 4,
          ...aside(1),
        },
      },
      {
        // Needs versitygw, an S3 server, on the PATH.
        test: {
          name: 's3',
          include: ['test/s3/**/*.test.ts'],
          globalSetup: ['test/support/provider.ts', 'test/local/setup.ts'],
          testTimeout: 150_000,
          hookTimeout: 60_000,
          ...alone(2),
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          globalSetup: ['test/support/provider.ts'],
          // Four waits of a minute at most: the one that fails shall say so, before the test as a whole does.
          testTimeout: 270_000,
          hookTimeout: 180_000,
          ...aside(1),
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/setup.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          maxConcurrency: 10,
          ...alone(3),
        },
      },
      {
        test: {
          name: 'e2e-faults',
          include: ['test/e2e-faults/**/*.test.ts'],
          globalSetup: ['test/e2e/setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 900_000,
          maxConcurrency: 3,
          ...alone(4),
        },
      },
    ],
  },
});
