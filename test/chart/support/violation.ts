/** Helm's words for values that break the schema: since 3.19 or so it validates by another library than before. */

type Rule = 'pattern' | 'type' | 'unknown' | { least: number } | { most: number } | { oneOf: readonly string[] };

/** Matches what either library says about the value at `path`, such as `run.id`. @param path that of the object for `unknown` */
export function violation(path: string, rule: Rule): RegExp {
  const [newer, older] = words(path, rule).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pointer = path === '' ? "''" : `'/${path.replaceAll('.', '/')}'`;
  const name = path === '' ? '\\(root\\)' : path.replaceAll('.', '\\.');
  return new RegExp(`at ${pointer}: .*${newer}|- ${name}: .*${older}`);
}

function words(path: string, rule: Rule): [newer: string, older: string] {
  if (rule === 'pattern') return ['does not match pattern', 'Does not match pattern'];
  if (rule === 'type') return ['want ', 'Invalid type. Expected:'];
  if (rule === 'unknown')
    return ["additional properties 'misspelt' not allowed", 'Additional property misspelt is not allowed'];
  if ('least' in rule)
    return [`minimum: got ${rule.least - 1}, want ${rule.least}`, `Must be greater than or equal to ${rule.least}`];
  if ('most' in rule) return [`, want ${rule.most}`, `Must be less than or equal to ${rule.most}`];
  return [
    `value must be one of ${rule.oneOf.map((value) => `'${value}'`).join(', ')}`,
    `${path} must be one of the following: ${rule.oneOf.map((value) => `"${value}"`).join(', ')}`,
  ];
}
