/** `ttg verify --certificate` and `--check`: certificates as files. */
import { readFileSync, writeFileSync } from 'node:fs';
import en from 'zod/v4/locales/en.js';
import * as z from 'zod/mini';
import {
  certificateSchema,
  certificateText,
  makeCertificate,
  readAccount,
  readGrid,
  type Certificate,
  type Surroundings,
} from '../core/certificate/issue.js';
import { checkCertificate, differenceText } from '../core/certificate/check.js';
import type { Config } from '../core/runtime/config.js';
import { asError, ConfigError } from '../core/runtime/errors.js';
import type { Expected } from '../core/ledger/verdict.js';
import type { Ledger } from '../core/ledger/ledger.js';
import type { LogEntry } from '../core/wire/records.js';
import type { Source } from './source.js';

const SHOWN = 50;

/** Writes the certificate of the run as the log is now; nothing where the log holds no plan, as the verdict says. */
export async function writeCertificate(
  source: Source,
  config: Config,
  files: { certificate: string; faults: string | undefined },
  expectedOf: (ledger: Ledger) => Expected | undefined,
): Promise<void> {
  const injected =
    files.faults === undefined
      ? []
      : parseFile(
          z.array(z.looseObject({ name: z.string() })),
          files.faults,
          'a list of objects, each with the name of a fault',
        );
  const records = (): AsyncIterable<LogEntry> => source.records();
  const grid = await readGrid(records, config.RUN_ID);
  if (!grid) return;
  const account = await readAccount(records, config.RUN_ID, grid);
  const backend: Surroundings['backend'] = source.shards === undefined ? config.QUEUE_BACKEND : 'static';
  const around = { backend, injected, release: config.TTG_VERSION, image: config.TTG_IMAGE };
  writeFileSync(files.certificate, certificateText(makeCertificate(account, around, expectedOf(account.ledger))));
}

/** Compares a certificate with the log. @returns the exit status */
export async function checkFile(source: Source, file: string, json: boolean): Promise<number> {
  const certificate = readCertificate(file);
  const { runId } = certificate.plan;
  const account = await readAccount(() => source.records(), runId, certificate.intervals);
  const check = checkCertificate(certificate, account);
  if (json) {
    process.stdout.write(`${JSON.stringify(check, null, 2)}\n`);
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
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  return check.intact ? 0 : 1;
}

export function readCertificate(file: string): Certificate {
  return parseFile(certificateSchema, file, 'a certificate, as `ttg verify --certificate` writes it');
}

function parseFile<T extends z.ZodMiniType>(schema: T, file: string, what: string): z.output<T> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (thrown) {
    throw new ConfigError(`${file} could not be read: ${asError(thrown).message}. Name ${what}`);
  }
  const parsed = z.safeParse(schema, content, { error: en().localeError });
  if (!parsed.success)
    throw new ConfigError(`${file} is not ${what}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  return parsed.data;
}
