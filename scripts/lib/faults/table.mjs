/** Outcomes of faults for people: one in a sentence, several as a table. */

/** @typedef {import('./play.mjs').Outcome} Outcome */
/** @typedef {{ name: string, backend: string, seed: number, played: Outcome | string }} Row played: or why it could not be */

/** @param {Outcome} outcome @returns {string} */
export function describeOutcome({ injection, ok, verdict, recoverySeconds }) {
  const { name, target, observed } = injection;
  const result = ok
    ? 'complete, digest equal to a run without faults'
    : `NOT as without the fault: ${verdict.faults.join('; ') || `digest ${verdict.digest}`}`;
  return `${name}: hit ${target} (${observed}); recovered after ${recoverySeconds.toFixed(1)} s; ${result}`;
}

/** @param {readonly Row[]} rows @returns {string} */
export function faultTable(rows) {
  const head = [
    'fault',
    'broker',
    'seed',
    'recovered after',
    'lost',
    'counted twice',
    'dead',
    'deduplicated',
    'digest equal',
    'verdict',
  ];
  const lines = rows.map(({ name, backend, seed, played }) => {
    if (typeof played === 'string') return [name, backend, `${seed}`, '-', '-', '-', '-', '-', '-', 'FAILED'];
    const { recoverySeconds, verdict, reference, certificate } = played;
    const { duplicated, dead } = verdict.parameters;
    const same = verdict.digest === reference ? 'yes' : 'NO';
    return [
      name,
      backend,
      `${seed}`,
      `${recoverySeconds.toFixed(1)} s`,
      `${certificate.parameters.lost}`,
      `${duplicated}`,
      `${dead}`,
      `${verdict.deduplicated}`,
      same,
      verdict.outcome,
    ];
  });
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)));
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
