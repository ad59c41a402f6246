/** What a refusal of S3 means: wait, give up the object, or set something right. */
import { ConfigError, Unrecordable } from '../runtime/errors.js';
import { Passing } from './retry.js';
import type { S3Address } from './s3-address.js';

export interface Refused {
  readonly status: number;
  /** Of S3's own, such as `NoSuchBucket`; may be empty. */
  readonly code: string;
  readonly text: string;
}

/** Refusals that pass by themselves although their status says the client is wrong. */
const PASSING = ['RequestTimeout', 'SlowDown', 'OperationAborted', 'ConditionalRequestConflict', 'BadDigest'];

const KEYS =
  'the keys (S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY; chart: results.s3.existingSecret), or the rights of the role ' +
  '(s3:PutObject, s3:GetObject, s3:DeleteObject)';

const REMEDIES: Readonly<Record<string, (address: S3Address) => string>> = {
  NoSuchBucket: ({ bucket }) => `make the bucket ${bucket}, or name another one (S3_BUCKET; chart: results.s3.bucket)`,
  InvalidBucketName: () => 'name another bucket (S3_BUCKET; chart: results.s3.bucket)',
  RequestTimeTooSkewed: () => 'set the clock of this machine or of the server right',
  // versitygw, of a key that nobody has
  XAdminUserNotFound: () => `mend ${KEYS}`,
  InvalidAccessKeyId: () => `mend ${KEYS}`,
  SignatureDoesNotMatch: () => `mend ${KEYS}`,
  AccessDenied: () => `mend ${KEYS}`,
  AuthorizationHeaderMalformed: region,
  PermanentRedirect: region,
  IllegalLocationConstraintException: region,
};

export function refusalOf(what: string, { status, code, text }: Refused, address: S3Address): Error {
  const said = `${what}: ${status}${code && ` ${code}`}${/<Message>([^<]*?)\.?</.exec(text)?.[1]?.replace(/^/, ': ') ?? ''}`;
  if (status === 413 || code === 'EntityTooLarge')
    return new Unrecordable(`${said}. Make smaller chunks (CHUNK_SIZE; chart: run.chunkSize)`);
  if (status >= 500 || status === 408 || status === 409 || status === 429 || status === 307 || PASSING.includes(code))
    return new Passing(`${status} ${code}`.trim());
  const remedy =
    REMEDIES[code] ?? (status === 401 || status === 403 ? REMEDIES['AccessDenied'] : undefined) ?? whereItIs;
  return new ConfigError(`${said}. Do this: ${remedy(address)}`);
}

/** undefined where the connection failed for another reason. */
export function certificateRefused(error: Error, base: string): ConfigError | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (!/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code)) return undefined;
  return new ConfigError(
    `${base}: its certificate is not trusted (${code}): name that of its authority in NODE_EXTRA_CA_CERTS`,
  );
}

function region({ region: given }: S3Address): string {
  return `name the region of the bucket (S3_REGION, now ${given}; chart: results.s3.region)`;
}

function whereItIs({ endpoint }: S3Address): string {
  return `look whether S3_ENDPOINT=${endpoint} is that of an S3 server, and S3_PATH_STYLE as it wants it`;
}
