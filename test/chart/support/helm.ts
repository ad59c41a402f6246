/** Renders the chart with the real helm: what these tests judge is what a user would install. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadAllYaml } from '@kubernetes/client-node';
import { expect, inject } from 'vitest';

export const root = resolve(import.meta.dirname, '../../..');
export const chart = join(root, 'chart');

/** Every preset and overlay of values/. */
export const presets = readdirSync(join(root, 'values')).filter((file) => file.endsWith('.yaml'));
/** @param file of values/, or the path of another one */
export const presetPath = (file: string): string => resolve(root, 'values', file);

export interface Env {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: Record<string, { readonly name?: string; readonly key?: string; readonly fieldPath?: string }>;
}
/** A matcher of anything of a kind; vitest types it as `any`. */
export const any = (kind: StringConstructor | NumberConstructor): unknown => expect.any(kind) as unknown;
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern) as unknown;

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly env?: readonly Env[];
  readonly securityContext: Record<string, unknown>;
  readonly resources?: { readonly limits?: Record<string, string> };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly securityContext: Record<string, unknown>;
  readonly automountServiceAccountToken?: boolean;
  readonly volumes?: readonly Record<string, unknown>[];
  readonly [key: string]: unknown;
}
export interface Labelled {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}
export interface Template {
  readonly metadata: Labelled;
  readonly spec: PodSpec;
}
/** What these tests read of the specs of all kinds. */
export interface Spec {
  readonly template?: Template;
  readonly jobTargetRef?: { readonly template: Template };
  readonly triggers?: readonly { readonly metadata: Record<string, string> }[];
  readonly secretTargetRef?: readonly Record<string, string>[];
  readonly volumeClaimTemplates?: readonly { readonly metadata: Labelled }[];
}
export interface Rendered {
  readonly kind: string;
  readonly metadata: Labelled & { readonly name: string };
  readonly spec?: Spec;
  readonly data?: Record<string, string>;
  readonly rules?: readonly Record<string, readonly string[]>[];
}

export interface Render {
  readonly release?: string;
  readonly values?: readonly string[];
  /** `--set` items. */
  readonly set?: readonly string[];
  /** Values as data, written to a file: numbers keep the form a values file gives them. */
  readonly data?: Record<string, unknown>;
  /** What the cluster offers; KEDA when omitted. */
  readonly apis?: readonly string[];
}

function helm(args: readonly string[]): { code: number; stdout: string; stderr: string } {
  const run = spawnSync(inject('helm').path, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  if (run.error)
    throw new Error('helm is not on the PATH: install Helm 3.14 or later (https://helm.sh/docs/intro/install/)', {
      cause: run.error,
    });
  return { code: run.status ?? 1, stdout: run.stdout, stderr: run.stderr };
}

function withArguments<T>(options: Render, use: (args: string[]) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'ttg-chart-'));
  try {
    const file = join(folder, 'values.json');
    writeFileSync(file, JSON.stringify(options.data ?? {}));
    return use([
      ...(options.values ?? []).flatMap((preset) => ['-f', presetPath(preset)]),
      '-f',
      file,
      ...(options.set ?? []).flatMap((item) => ['--set', item]),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const withApis = (options: Render): string[] =>
  (options.apis ?? ['keda.sh/v1alpha1']).flatMap((api) => ['--api-versions', api]);

const rendered = new Map<string, string>();

/** The text helm renders, once for the same options. @throws with helm's message where it refuses */
export function renderText(options: Render = {}, of = chart): string {
  const key = JSON.stringify([options, of]);
  const known = rendered.get(key);
  if (known !== undefined) return known;
  const text = withArguments(options, (args) => {
    const run = helm(['template', options.release ?? 'ttg', of, '-n', 'lab', ...args, ...withApis(options)]);
    if (run.code !== 0) throw new Error(run.stderr);
    return run.stdout;
  });
  rendered.set(key, text);
  return text;
}

export function render(options: Render = {}): Rendered[] {
  return (loadAllYaml(renderText(options)) as (Rendered | null)[]).filter((object) => object !== null);
}

/** helm's message where it must refuse. */
export function refusal(options: Render): string {
  try {
    renderText(options);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error(`helm accepted ${JSON.stringify(options)}`);
}

/**
 * What `helm install` would print. `helm template` does not, so a copy of the chart renders NOTES.txt into an object.
 */
export function notes(options: Render = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'ttg-notes-'));
  try {
    cpSync(chart, folder, { recursive: true });
    writeFileSync(
      join(folder, 'templates', 'notes.yaml'),
      'kind: Notes\nmetadata: {name: notes}\ndata: {text: {{ include "ttg/templates/NOTES.txt" . | toJson }}}\n',
    );
    const objects = loadAllYaml(renderText(options, folder)) as (Rendered | null)[];
    return objects.find((object) => object?.kind === 'Notes')?.data?.['text'] ?? '';
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function lint(preset?: string): string {
  const values = preset ? ['-f', presetPath(preset)] : [];
  const { stdout, stderr } = helm(['lint', '--strict', chart, ...values, '--set', 'keda.checkInstalled=false']);
  return stdout + stderr;
}

export function one(objects: readonly Rendered[], kind: string, name?: string): Rendered {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  if (found.length !== 1 || !found[0])
    throw new Error(`${found.length} objects of kind ${kind} ${name ?? ''}, expected one`);
  return found[0];
}

/** Every pod there would be: by itself, or in the template of a Job, StatefulSet or ScaledJob. */
export function pods(objects: readonly Rendered[]): { owner: Rendered; metadata: Labelled; spec: PodSpec }[] {
  return objects.flatMap((owner) => {
    if (owner.kind === 'Pod') return [{ owner, metadata: owner.metadata, spec: owner.spec as unknown as PodSpec }];
    const template = owner.spec?.jobTargetRef?.template ?? owner.spec?.template;
    return template ? [{ owner, ...template }] : [];
  });
}

export function containers(objects: readonly Rendered[]): Container[] {
  return pods(objects).flatMap(({ spec }) => [...(spec.initContainers ?? []), ...spec.containers]);
}
