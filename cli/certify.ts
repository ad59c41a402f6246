/** `ttg verify --certificate` and `--check`: certificates as files. */
import { readFileSync, writeFileSync } from 'node:fs';
import en from 'zod/v4/locales/en.js';
import * as z from 'zod/mini';
import {
  CERTIFICATE_VERSION,
  certificateSchema,
  certificateText,
  makeCertificate,
  readAccount,
  type Account,
  type Certificate,
  type Surroundings,
} from '../core/certificate/issue.js';
import { checkCertificate, differenceText } from '../core/certificate/check.js';
import type { Config } from '../core/runtime/config.js';
import { asError, ConfigError } from '../core/runtime/errors.js';
import { inPlace } from '../core/runtime/folders.js';
import type { Expected } from '../core/ledger/verdict.js';
import type { Output } from '../core/runtime/output.js';
import type { Source } from './source.js';

const SHOWN = 50;
const CERTIFICATE = 'a certificate, as `ttg verify --certificate` writes it';
const FAULTS = 'a list of objects, each with the name of a fault';

/** One account of the log, from which verdict and certificate are both made. */
export function readAccountOf(source: Source, { RUN_ID }: Config): Promise<Account> {
  return readAccount(() => source.records(), RUN_ID);
}

export function readFaults(file: string): Certificate['injected'] {
  return parseFile(z.array(z.looseObject({ name: z.string() })), readJson(file, FAULTS), file, FAULTS);
}

/** Writes the certificate of the run; nothing where the log holds no plan, as the verdict says. */
export function writeCertificate(
  file: string,
  account: Account,
  around: {
    readonly source: Source;
    readonly config: Config;
    readonly injected: Certificate['injected'];
    readonly expected: Expected | undefined;
  },
): void {
  if (!account.ledger.plan) return;
  const { source, config, injected, expected } = around;
  const backend: Surroundings['backend'] = source.shards === undefined ? config.QUEUE_BACKEND : 'static';
  const surroundings = { backend, injected, release: config.TTG_VERSION, image: config.TTG_IMAGE };
  const text = certificateText(makeCertificate(account, surroundings, expected));
  inPlace(`--certificate ${file}`, () => writeFileSync(file, text));
}

/** Compares a certificate with the log. @returns the exit status */
export async function checkFile(source: Source, file: string, json: boolean, out: Output): Promise<number> {
  const certificate = readCertificate(file);
  const { runId } = certificate.plan;
  const account = await readAccount(() => source.records(), runId, certificate.intervals);
  const check = checkCertificate(certificate, account);
  if (json) {
    await out.print(`${JSON.stringify(check, null, 2)}\n`);
  } else {
    const lines = [
      `run          ${runId}, certified ${certificate.issuedAt}${certificate.outcome === 'complete' ? '' : ` as ${certificate.outcome.toUpperCase()}`}`,
      ...check.notes.map((note) => `note         ${note}`),
      ...check.differences.slice(0, SHOWN).map((difference) => `differs      ${differenceText(difference)}`),
      ...(check.differences.length > SHOWN
        ? [`differs      and ${check.differences.length - SHOWN} more (--json shows all)`]
        : []),
      check.intact
        ? 'INTACT       the log says what was certified'
        : 'DIFFERENT    the log is not the one that was certified',
    ];
    await out.print(`${lines.join('\n')}\n`);
  }
  return check.intact ? 0 : 1;
}

/** @throws ConfigError where the file is none, or one of another version: its digests are not those of this program */
export function readCertificate(file: string): Certificate {
  const content = readJson(file, CERTIFICATE);
  const version = z.safeParse(z.object({ certificate: z.number() }), content).data?.certificate;
  if (version !== undefined && version !== CERTIFICATE_VERSION) {
    throw new ConfigError(
      version < CERTIFICATE_VERSION
        ? `${file} is a certificate of version ${version}, whose digests of records depend on the program that wrote it; ` +
            `this program reads version ${CERTIFICATE_VERSION}. Check it with the release of TTG that wrote it ` +
            '(versions.verifier in the file), then write a new one: `ttg verify --certificate FILE`'
        : `${file} is a certificate of version ${version}, and this program reads version ${CERTIFICATE_VERSION}: ` +
            'check it with the release of TTG that wrote it (versions.verifier in the file), or a later one',
    );
  }
  return parseFile(certificateSchema, content, file, CERTIFICATE);
}

function readJson(file: string, what: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (thrown) {
    throw new ConfigError(`${file} could not be read: ${asError(thrown).message}. Name ${what}`);
  }
}

function parseFile<T extends z.ZodMiniType>(schema: T, content: unknown, file: string, what: string): z.output<T> {
  const parsed = z.safeParse(schema, content, { error: en().localeError });
  if (!parsed.success)
    throw new ConfigError(`${file} is not ${what}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  return parsed.data;
}
