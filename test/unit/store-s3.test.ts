/** Signatures by Amazon's own examples, and what a client makes of answers that a healthy server never gives. */
import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ConfigError, StoreAway, Unrecordable } from '../../core/runtime/errors.js';
import { CredentialsSource } from '../../core/store/credentials.js';
import { S3Store } from '../../core/store/s3.js';
import { signed } from '../../core/store/sigv4.js';

const KEYS = { S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret', S3_SESSION_TOKEN: '', S3_REGION: 'eu-1' };

interface Reply {
  readonly status: number;
  readonly code?: string;
}

/** Answers as it is told, the last one for ever. */
async function answering(...replies: Reply[]) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const { status, code } = replies[Math.min(asked.length, replies.length - 1)] as Reply;
    asked.push(request);
    request.resume().on('end', () => {
      response.writeHead(status).end(code && `<Error><Code>${code}</Code><Message>so it is</Message></Error>`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const address = { endpoint, region: 'eu-1', bucket: 'bucket', prefix: 'p/', pathStyle: true };
  const store = new S3Store(address, new CredentialsSource(KEYS, {}), { patienceMs: 400, timeoutMs: 5000 });
  return {
    store,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('signatures', () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
  const credentials = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const now = new Date('2013-05-24T00:00:00Z');
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

  it('are those of the example of a GET', () => {
    const url = new URL('https://examplebucket.s3.amazonaws.com/test.txt');
    const headers = signed(
      { method: 'GET', url, headers: { range: 'bytes=0-9' }, bodySha256: empty },
      credentials,
      'us-east-1',
      now,
    );
    expect(headers['authorization']).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
        'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,' +
        'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  it('cover the token of a session', () => {
    const url = new URL('http://localhost:7070/bucket/x');
    const one = { method: 'PUT', url, headers: {}, bodySha256: empty };
    const headers = signed(one, { ...credentials, sessionToken: 'token' }, 'us-east-1', now);
    expect(headers['x-amz-security-token']).toBe('token');
    expect(headers['authorization']).toContain('host;x-amz-content-sha256;x-amz-date;x-amz-security-token');
  });
});

describe('a store in S3', () => {
  it('asks only for an object that is not there, by path', async () => {
    await using server = await answering({ status: 200 });
    await server.store.put('run/ab/x', Buffer.from('x'));
    expect(server.asked[0]).toMatchObject({
      method: 'PUT',
      url: '/bucket/p/run/ab/x',
      headers: { 'if-none-match': '*', 'content-length': '1' },
    });
  });

  it('names a bucket by host where it is told to, which an IP address is not', async () => {
    const address = { region: 'eu-1', bucket: 'bucket', prefix: '', pathStyle: false };
    const keys = new CredentialsSource(KEYS, {});
    const store = new S3Store({ ...address, endpoint: 'http://s3.invalid' }, keys, { patienceMs: 0 });
    await expect(store.get('x')).rejects.toThrow(/at http:\/\/bucket\.s3\.invalid: GET x/);
    expect(() => new S3Store({ ...address, endpoint: 'http://127.0.0.1:9000' }, keys)).toThrow(/S3_PATH_STYLE=true/);
  });

  it('is content where the object is there already', async () => {
    await using server = await answering({ status: 412, code: 'PreconditionFailed' });
    await expect(server.store.put('x', Buffer.from('x'))).resolves.toBeUndefined();
  });

  it('leaves the condition out where the server has none', async () => {
    await using server = await answering({ status: 501, code: 'NotImplemented' }, { status: 200 });
    await server.store.put('x', Buffer.from('x'));
    await server.store.put('y', Buffer.from('y'));
    expect(server.asked.map(({ headers }) => headers['if-none-match'])).toEqual(['*', undefined, undefined]);
  });

  it('tries again what passes', async () => {
    const troubles = [{ status: 500 }, { status: 409, code: 'ConditionalRequestConflict' }];
    await using server = await answering(...troubles, { status: 200 });
    await server.store.put('x', Buffer.from('x'));
    expect(server.asked).toHaveLength(3);
  });

  it.each([500, 503, 429, 409])('is away where it answers %d for as long as anybody waits', async (status) => {
    await using server = await answering({ status });
    await expect(server.store.put('x', Buffer.from('x'))).rejects.toThrow(StoreAway);
    expect(server.asked.length).toBeGreaterThan(1);
  });

  it('is away where nothing listens', async () => {
    const server = await answering({ status: 200 });
    await server[Symbol.asyncDispose]();
    const { store } = server;
    await expect(store.put('x', Buffer.from('x'))).rejects.toThrow(/s3:\/\/bucket\/p\/ at .*ECONNREFUSED/);
  });

  it.each([
    [404, 'NoSuchBucket', /make the bucket bucket.*S3_BUCKET; chart: results.s3.bucket/],
    [403, 'SignatureDoesNotMatch', /S3_SECRET_ACCESS_KEY; chart: results.s3.existingSecret/],
    [403, 'InvalidAccessKeyId', /S3_ACCESS_KEY_ID/],
    [403, 'AccessDenied', /s3:PutObject/],
    [403, 'RequestTimeTooSkewed', /clock/],
    [400, 'AuthorizationHeaderMalformed', /S3_REGION, now eu-1/],
    [301, 'PermanentRedirect', /S3_REGION, now eu-1/],
    [400, '', /S3_ENDPOINT=http/],
  ])('says what to set right where it is refused with %d %s', async (status, code, remedy) => {
    await using server = await answering({ status, code });
    const put = server.store.put('x', Buffer.from('x'));
    await expect(put).rejects.toThrow(ConfigError);
    await expect(put).rejects.toThrow(remedy);
    expect(server.asked).toHaveLength(1);
  });

  it('knows what is too large', async () => {
    await using server = await answering({ status: 400, code: 'EntityTooLarge' });
    await expect(server.store.put('x', Buffer.from('x'))).rejects.toThrow(Unrecordable);
  });

  it('refuses an endpoint that is none', () => {
    const address = { endpoint: 'minio:9000/x', region: 'r', bucket: 'bucket', prefix: '', pathStyle: true };
    expect(() => new S3Store(address, new CredentialsSource(KEYS, {}))).toThrow(/S3_ENDPOINT=minio:9000\/x/);
  });
});
