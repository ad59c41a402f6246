/** YAML as Helm reads it, so that one file means the same here and on a cluster; and where in the file something stands. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node, type Tags } from 'yaml';
import { ConfigError } from '../../core/runtime/errors.js';

export interface HelmYaml {
  readonly values: Readonly<Record<string, unknown>>;
  /** `:7:5` of the deepest part of the path that is written in the file. */
  placeOf(path: readonly (string | number)[]): string;
  /** The first value below the path that says another thing than who wrote it may think. */
  trap(path: readonly string[]): Trap | undefined;
}

/** A value without quotes that YAML 1.1, and so Helm, does not read as it looks. */
export interface Trap {
  /** `:7:5` */
  readonly place: string;
  /** As it is written, and as it is read. */
  readonly written: string;
  readonly read: boolean | number;
}

/** Tags of YAML 1.1 that Helm's parser does not have: times of day in base 60, dates, sets and the like stay text. */
const UNKNOWN_TO_HELM = ['intTime', 'floatTime', 'timestamp', 'binary', 'omap', 'pairs', 'set'].flatMap((name) => [
  name,
  `tag:yaml.org,2002:${name}`,
]);

/** @throws ConfigError with line and column where it is no YAML, or no mapping */
export function parseHelmYaml(text: string, file: string): HelmYaml {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { version: '1.1', merge: true, lineCounter, customTags: asHelm });
  const at = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error) throw new ConfigError(`${file}${at(error.pos[0])}: ${firstLine(error.message)}. Mend the YAML`);
  const values: unknown = document.toJS() ?? {};
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new ConfigError(
      `${file}: it is no mapping of values: write, for example, parameters: {grid: {alpha: [1, 2]}}`,
    );
  return {
    values: values as Record<string, unknown>,
    placeOf: (path) => placeIn(document, path, at),
    trap: (path) => trapIn(document.getIn(path), at),
  };
}

/** Only in lists: a setting such as `log: on` is a truth value. */
function trapIn(below: unknown, at: (offset: number) => string): Trap | undefined {
  let found: Trap | undefined;
  visit(below as Node | null, {
    Seq: (_, { items }) => {
      for (const item of items) {
        if (!isScalar(item) || item.type !== 'PLAIN' || item.source === undefined) continue;
        const { source: written, value: read } = item;
        const trap =
          typeof read === 'boolean'
            ? !/^(true|false)$/i.test(written)
            : typeof read === 'number' && /^[-+]?0\d/.test(written);
        if (!trap) continue;
        found = { place: at(item.range?.[0] ?? 0), written, read: read as boolean | number };
        return visit.BREAK;
      }
      return undefined;
    },
  });
  return found;
}

function asHelm(tags: Tags): Tags {
  const kept = tags.filter(
    (tag) => typeof tag === 'string' || !(UNKNOWN_TO_HELM.includes(tag.tag) || tag.format === 'TIME'),
  );
  const octal = {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?0o[0-7_]+$/,
    resolve: (text: string) => parseInt(text.replaceAll('_', '').replace('0o', ''), 8),
  };
  return [...kept, octal];
}

function placeIn(document: Document, path: readonly (string | number)[], at: (offset: number) => string): string {
  let node = document.contents as Node | null | undefined;
  let offset = node?.range?.[0];
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      node = node.items[Number(part)] as Node | undefined;
      offset = node?.range?.[0] ?? offset;
    } else break;
  }
  return offset === undefined ? '' : at(offset);
}

const firstLine = (text: string): string => (text.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
