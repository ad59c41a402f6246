/**
 * Imports run one way, and nothing runs in circles, types included:
 *
 *   test, bench, scripts → cli → faults → ops → worker, seeder → compute → core
 *
 * and within core: broker, certificate → ledger → wire → model; runtime serves all of them.
 */
const layers = [
  // folder, and what it may import besides itself
  ['core/model', ['core/runtime/errors\\.ts']],
  ['core/sweep', ['core/model', 'core/runtime/errors\\.ts']],
  ['core/wire', ['core/model', 'core/runtime/errors\\.ts']],
  ['core/runtime', []],
  ['core/broker', ['core/model', 'core/wire', 'core/runtime']],
  ['core/ledger', ['core/model', 'core/wire', 'core/runtime']],
  ['core/certificate', ['core/model', 'core/wire', 'core/ledger', 'core/runtime']],
  ['compute', ['core']],
  ['worker', ['core', 'compute']],
  ['seeder', ['core', 'compute']],
  ['ops', ['core', 'compute', 'worker', 'seeder']],
  ['faults', ['core', 'compute', 'worker', 'seeder', 'ops']],
  ['cli', ['core', 'compute', 'seeder', 'ops']],
];

/** Compiled files stand for their sources: scripts and tests run what `npm run build` made of them. */
const at = (folder) => `^(dist/)?${folder}(/|$)`;

export default {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    ...layers.map(([folder, allowed]) => ({
      name: `${folder.replaceAll('/', '-')}-imports`,
      comment: `${folder} imports only from ${['itself', ...allowed].join(', ')}, from Node and from packages`,
      severity: 'error',
      from: { path: at(folder) },
      to: {
        pathNot: [at(folder), ...allowed.map((each) => `^(dist/)?${each}(/|$)`), '^node_modules/'],
        dependencyTypesNot: ['core', 'npm', 'npm-dev', 'npm-no-pkg', 'npm-unknown'],
      },
    })),
    {
      name: 'commands-only',
      comment: 'worker and seeder start without what only the command line needs: start-up is throughput',
      severity: 'error',
      from: { path: '^(dist/)?(core|compute|worker|seeder)/' },
      to: { path: 'node_modules/(commander|csv-stringify|log-update|yaml)(/|$)' },
    },
    {
      name: 'resolvable',
      comment: 'an import that names nothing',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
    doNotFollow: { path: 'node_modules|^dist/' },
    exclude: { path: '^build/' },
  },
};
