/** Objects in a bucket of S3, or of anything that speaks as S3 does. A put is durable when it is answered. */
import { sha256Of } from '../wire/object-codec.js';
import { asError } from '../runtime/errors.js';
import type { CredentialsSource } from './credentials.js';
import { NoSuchObject, type ValueStore } from './port.js';
import { Passing, retried, type Patience } from './retry.js';
import { baseOf, type S3Address } from './s3-address.js';
import { certificateRefused, refusalOf, type Refused } from './s3-errors.js';
import { signed } from './sigv4.js';

export interface S3Options extends Patience {
  /** For one try, beside what its bytes take. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
/** A line slower than this is taken for a broken one. */
const BYTES_PER_MS = 50;

const NOTHING = Buffer.alloc(0);

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export class S3Store implements ValueStore {
  readonly place: string;
  readonly #address: S3Address;
  readonly #base: string;
  readonly #credentials: CredentialsSource;
  readonly #options: S3Options;
  /** Some servers know no conditions; a name has one content, so that none is needed. */
  #conditional = true;

  /** @throws ConfigError where the endpoint is no address */
  constructor(address: S3Address, credentials: CredentialsSource, options: S3Options = {}) {
    this.#address = address;
    this.#base = baseOf(address);
    this.#credentials = credentials;
    this.#options = options;
    this.place = `s3://${address.bucket}/${address.prefix}`;
  }

  async put(name: string, bytes: Buffer): Promise<void> {
    await this.#request('PUT', name, bytes);
  }

  async get(name: string): Promise<Buffer> {
    return (await this.#request('GET', name, NOTHING)).body;
  }

  async delete(name: string): Promise<void> {
    await this.#request('DELETE', name, NOTHING);
  }

  #request(method: 'PUT' | 'GET' | 'DELETE', name: string, body: Buffer): Promise<Answer> {
    const bodySha256 = sha256Of(body);
    const what = `${this.place} at ${this.#base}: ${method} ${name}`;
    return retried(what, this.#options, async () => {
      const condition: Record<string, string> = method === 'PUT' && this.#conditional ? { 'if-none-match': '*' } : {};
      const answer = await this.#send(method, name, body, bodySha256, condition);
      const { status } = answer;
      if (status === 200 || status === 204) return answer;
      // Somebody has put the same content there.
      if (method === 'PUT' && status === 412) return answer;
      if (method === 'DELETE' && status === 404 && ['NoSuchKey', ''].includes(codeOf(answer))) return answer;
      if (method === 'PUT' && (status === 501 || status === 405) && this.#conditional) {
        this.#conditional = false;
        throw new Passing('the server knows no If-None-Match');
      }
      throw this.#refusal(what, answer, method === 'GET' ? name : undefined);
    });
  }

  /** @param read the object that was asked for */
  #refusal(what: string, answer: Answer, read: string | undefined): Error {
    const { status, body } = answer;
    const refused: Refused = { status, code: codeOf(answer), text: body.toString('utf8', 0, 1000) };
    if (status === 404 && read !== undefined && ['NoSuchKey', ''].includes(refused.code))
      return new NoSuchObject(`there is no object ${read} in ${this.place} at ${this.#base}`);
    // Keys with an end: the next try has new ones.
    if (refused.code === 'ExpiredToken' || refused.code === 'TokenRefreshRequired') {
      this.#credentials.forget();
      return new Passing(`${status} ${refused.code}`);
    }
    return refusalOf(what, refused, this.#address);
  }

  async #send(
    method: string,
    name: string,
    body: Buffer,
    bodySha256: string,
    headers: Record<string, string>,
  ): Promise<Answer> {
    const url = new URL(`${this.#base}/${this.#address.prefix}${name}`);
    const credentials = await this.#credentials.get();
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    const init: RequestInit = {
      method,
      headers: signed({ method, url, headers, bodySha256 }, credentials, this.#address.region, new Date()),
      ...(method === 'PUT' ? { body: new Uint8Array(body) } : {}),
      redirect: 'manual',
      signal: AbortSignal.timeout(Math.ceil(timeoutMs + body.length / BYTES_PER_MS)),
    };
    try {
      const response = await fetch(url, init);
      return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
    } catch (thrown) {
      // What fetch throws says nothing; its cause does.
      const error = asError(asError(thrown).cause ?? thrown);
      throw certificateRefused(error, this.#base) ?? new Passing(error.message || String(error), { cause: thrown });
    }
  }
}

function codeOf({ body }: Answer): string {
  return /<Code>([^<]*)<\/Code>/.exec(body.toString('utf8', 0, 4096))?.[1] ?? '';
}
