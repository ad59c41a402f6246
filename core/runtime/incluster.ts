/**
 * The little that pods ask of the Kubernetes API, with their service account and no client library: bundles stay small.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const TIMEOUT_MS = 10_000;
const TYPES: Readonly<Record<string, string>> = { PATCH: 'application/merge-patch+json' };

export const NOT_FOUND = 404;
/** A precondition does not hold: somebody changed the object in between. */
export const CONFLICT = 409;

/** What the server answered instead. */
export class KubeError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface KubeApi {
  /** @returns the response's body; throws an Error with the status and the server's message otherwise */
  get(path: string): Promise<string>;
  /** JSON merge patch. */
  patch(path: string, body: unknown): Promise<string>;
  /** @param options DeleteOptions: preconditions, and what becomes of the dependents */
  delete(path: string, options: unknown): Promise<string>;
}

/** @throws Error where the pod has no service account token */
export function inClusterApi(): KubeApi {
  const ca = readFileSync(`${ACCOUNT}/ca.crt`);
  const call = (method: string, path: string, body?: unknown): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const headers = {
        authorization: `Bearer ${readFileSync(`${ACCOUNT}/token`, 'utf8')}`,
        // With its length: Node sends the body of a DELETE without any, and the server reads it as a further request.
        ...(sent && { 'content-type': TYPES[method] ?? 'application/json', 'content-length': sent.length }),
      };
      const outgoing = request(
        { host: 'kubernetes.default.svc', method, path, headers, ca, timeout: TIMEOUT_MS },
        (incoming) => {
          const parts: Buffer[] = [];
          incoming.on('data', (part: Buffer) => parts.push(part));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const answer = Buffer.concat(parts).toString();
            if (incoming.statusCode && incoming.statusCode < 300) resolve(answer);
            else
              reject(
                new KubeError(
                  incoming.statusCode ?? 0,
                  `${method} ${path}: ${incoming.statusCode} ${answer.slice(0, 300)}`,
                ),
              );
          });
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer within ${TIMEOUT_MS} ms`)));
      outgoing.on('error', reject);
      outgoing.end(sent);
    });
  return {
    get: (path) => call('GET', path),
    patch: (path, body) => call('PATCH', path, body),
    delete: (path, options) => call('DELETE', path, options),
  };
}
