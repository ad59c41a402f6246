/**
 * Credentials for S3 from wherever they are: TTG's own settings, else the variables that AWS's own programs read, in
 * their order. What comes with an end is asked for again before it.
 */
import { readFile } from 'node:fs/promises';
import { asError, ConfigError } from '../runtime/errors.js';
import type { Config } from '../runtime/config.js';
import { Passing } from './retry.js';
import type { Credentials } from './sigv4.js';

type Environment = Readonly<Record<string, string | undefined>>;
type Own = Pick<Config, 'S3_ACCESS_KEY_ID' | 'S3_SECRET_ACCESS_KEY' | 'S3_SESSION_TOKEN' | 'S3_REGION'>;

interface Given extends Credentials {
  /** Milliseconds since 1970; Infinity where they do not end. */
  readonly endsAt: number;
}

/** New ones are asked for so long before the old ones end. */
const AHEAD_MS = 5 * 60_000;
const TIMEOUT_MS = 10_000;

export class CredentialsSource {
  readonly #find: () => Promise<Given>;
  #given: Promise<Given> | undefined;

  /**
   * @param env the environment without TTG's own settings
   * @throws ConfigError where there are none
   */
  constructor(own: Own, env: Environment) {
    this.#find = sourceOf(own, env);
  }

  /** @throws Passing where who gives them does not answer, ConfigError where they are refused or not there */
  async get(now = Date.now()): Promise<Credentials> {
    const given = await (this.#given ??= this.#ask());
    if (given.endsAt - AHEAD_MS > now) return given;
    return await (this.#given = this.#ask());
  }

  /** The store says that these have ended. */
  forget(): void {
    this.#given = undefined;
  }

  #ask(): Promise<Given> {
    const asked = this.#find();
    asked.catch(() => {
      if (this.#given === asked) this.#given = undefined;
    });
    return asked;
  }
}

function sourceOf(own: Own, env: Environment): () => Promise<Given> {
  const ownKeys = keysOf(own.S3_ACCESS_KEY_ID, own.S3_SECRET_ACCESS_KEY, own.S3_SESSION_TOKEN, 'S3_');
  const keys =
    ownKeys ?? keysOf(env['AWS_ACCESS_KEY_ID'], env['AWS_SECRET_ACCESS_KEY'], env['AWS_SESSION_TOKEN'], 'AWS_');
  if (keys) return () => Promise.resolve(keys);
  const { AWS_SHARED_CREDENTIALS_FILE, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN } = env;
  if (AWS_SHARED_CREDENTIALS_FILE) return () => fromFile(AWS_SHARED_CREDENTIALS_FILE, env['AWS_PROFILE'] || 'default');
  if (AWS_WEB_IDENTITY_TOKEN_FILE && AWS_ROLE_ARN)
    return () => fromRole(AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, env, own.S3_REGION);
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI } = env;
  if (AWS_CONTAINER_CREDENTIALS_FULL_URI) return () => fromAgent(AWS_CONTAINER_CREDENTIALS_FULL_URI, env);
  throw new ConfigError(
    'S3: there are no credentials: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY (chart: results.s3.existingSecret), or ' +
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE, or give the pods a service account ' +
      'with a role (chart: worker.serviceAccountName)',
  );
}

function keysOf(id = '', secret = '', token: string | undefined, prefix: string): Given | undefined {
  if (id === '' && secret === '') return undefined;
  if (id === '' || secret === '')
    throw new ConfigError(
      `${prefix}ACCESS_KEY_ID and ${prefix}SECRET_ACCESS_KEY belong together, and one is empty: set both`,
    );
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: token || undefined, endsAt: Infinity };
}

/** The file of `aws configure`. It may be changed at any time, as a mounted Secret is. */
async function fromFile(path: string, profile: string): Promise<Given> {
  const fields = new Map<string, string>();
  let section = '';
  for (const line of (await textOf(path, 'AWS_SHARED_CREDENTIALS_FILE')).split('\n')) {
    const header = /^\s*\[\s*(.*?)\s*\]/.exec(line)?.[1];
    if (header !== undefined) section = header;
    const [, name = '', value = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (section === profile && name !== '') fields.set(name.toLowerCase(), value);
  }
  const [id, secret] = [fields.get('aws_access_key_id'), fields.get('aws_secret_access_key')];
  if (!id || !secret)
    throw new ConfigError(
      `${path}: profile ${profile} has no aws_access_key_id and aws_secret_access_key: add them, or set AWS_PROFILE`,
    );
  // Read again after some minutes.
  const endsAt = Date.now() + 2 * AHEAD_MS;
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: fields.get('aws_session_token'), endsAt };
}

/** A service account with a role: its token is exchanged for keys. */
async function fromRole(tokenFile: string, role: string, env: Environment, region: string): Promise<Given> {
  const endpoint = env['AWS_ENDPOINT_URL_STS'] || `https://sts.${env['AWS_REGION'] || region}.amazonaws.com`;
  const body = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: env['AWS_ROLE_SESSION_NAME'] || 'ttg',
    WebIdentityToken: (await textOf(tokenFile, 'AWS_WEB_IDENTITY_TOKEN_FILE')).trim(),
  });
  const text = await ask(endpoint, `STS for ${role}`, { method: 'POST', body });
  const field = (name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  return complete(
    {
      AccessKeyId: field('AccessKeyId'),
      SecretAccessKey: field('SecretAccessKey'),
      Token: field('SessionToken'),
      Expiration: field('Expiration'),
    },
    endpoint,
  );
}

/** An agent on the node, as with EKS Pod Identity and ECS. */
async function fromAgent(uri: string, env: Environment): Promise<Given> {
  const file = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
  const token = file
    ? (await textOf(file, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')).trim()
    : env['AWS_CONTAINER_AUTHORIZATION_TOKEN'];
  const text = await ask(uri, 'the agent for credentials', { headers: token ? { authorization: token } : {} });
  try {
    return complete(JSON.parse(text) as Record<string, unknown>, uri);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw new ConfigError(`${uri} gives no JSON: ${thrown.message}`);
    throw thrown;
  }
}

function complete(fields: Readonly<Record<string, unknown>>, from: string): Given {
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = fields;
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string' || !AccessKeyId || !SecretAccessKey)
    throw new ConfigError(`${from} gives no credentials: look at the role of the service account`);
  const ends = typeof Expiration === 'string' ? Date.parse(Expiration) : NaN;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: typeof Token === 'string' && Token !== '' ? Token : undefined,
    endsAt: Number.isNaN(ends) ? Infinity : ends,
  };
}

async function ask(url: string, what: string, init: RequestInit): Promise<string> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    text = await response.text();
  } catch (thrown) {
    throw new Passing(`${what} does not answer at ${url}: ${asError(thrown).message}`, { cause: thrown });
  }
  if (response.ok) return text;
  const message = `${what} answers ${response.status} at ${url}: ${text.slice(0, 300)}`;
  if (response.status >= 500 || response.status === 429) throw new Passing(message);
  throw new ConfigError(`${message}. Look at the role of the service account, and at whom it trusts`);
}

async function textOf(path: string, variable: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw new ConfigError(`${variable}=${path} could not be read: ${asError(thrown).message}`);
  }
}
