/** Where credentials come from, in which order, and when they are asked for again. */
import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/runtime/errors.js';
import { CredentialsSource } from '../../core/store/credentials.js';
import { Passing } from '../../core/store/retry.js';

const folder = mkdtempSync(join(tmpdir(), 'ttg-credentials-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fileOf = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const NONE = { S3_ACCESS_KEY_ID: '', S3_SECRET_ACCESS_KEY: '', S3_SESSION_TOKEN: '', S3_REGION: 'eu-1' };
const AWS = { AWS_ACCESS_KEY_ID: 'aws', AWS_SECRET_ACCESS_KEY: 'aws-secret', AWS_SESSION_TOKEN: 'token' };

async function giving(answer: (request: IncomingMessage, body: string) => { status: number; text: string }) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const { status, text } = answer(request, body);
      response.writeHead(status).end(text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('credentials for S3', () => {
  it("are TTG's own before Amazon's", async () => {
    const own = { ...NONE, S3_ACCESS_KEY_ID: 'own', S3_SECRET_ACCESS_KEY: 'own-secret' };
    expect(await new CredentialsSource(own, AWS).get()).toMatchObject({ accessKeyId: 'own', sessionToken: undefined });
    expect(await new CredentialsSource(NONE, AWS).get()).toMatchObject({ accessKeyId: 'aws', sessionToken: 'token' });
  });

  it('may stand in a file, by profile', async () => {
    const path = fileOf(
      'keys',
      '[default]\naws_access_key_id = one\naws_secret_access_key=1\n[two]\r\n' +
        'aws_access_key_id=two\r\naws_secret_access_key = 2/+=\r\n',
    );
    const env = { AWS_SHARED_CREDENTIALS_FILE: path };
    expect(await new CredentialsSource(NONE, env).get()).toMatchObject({ accessKeyId: 'one', secretAccessKey: '1' });
    const two = new CredentialsSource(NONE, { ...env, AWS_PROFILE: 'two' });
    expect(await two.get()).toMatchObject({ accessKeyId: 'two', secretAccessKey: '2/+=' });
    await expect(new CredentialsSource(NONE, { ...env, AWS_PROFILE: 'three' }).get()).rejects.toThrow(/profile three/);
  });

  it('are exchanged for the token of a service account, and again before they end', async () => {
    let given = 0;
    await using sts = await giving((_, body) => {
      const asked = new URLSearchParams(body);
      expect(asked.get('WebIdentityToken')).toBe('jwt');
      expect(asked.get('RoleArn')).toBe('arn:role');
      const ends = new Date(Date.now() + 3_600_000).toISOString();
      const keys = `<AccessKeyId>k${++given}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`;
      return { status: 200, text: `<R>${keys}<SessionToken>t</SessionToken><Expiration>${ends}</Expiration></R>` };
    });
    const source = new CredentialsSource(NONE, {
      AWS_WEB_IDENTITY_TOKEN_FILE: fileOf('token', 'jwt\n'),
      AWS_ROLE_ARN: 'arn:role',
      AWS_ENDPOINT_URL_STS: sts.url,
    });
    expect(await source.get()).toMatchObject({ accessKeyId: 'k1', sessionToken: 't' });
    expect(await source.get()).toMatchObject({ accessKeyId: 'k1' });
    expect(await source.get(Date.now() + 3_500_000)).toMatchObject({ accessKeyId: 'k2' });
    source.forget();
    expect(await source.get()).toMatchObject({ accessKeyId: 'k3' });
  });

  it('come from the agent of the node', async () => {
    await using agent = await giving(({ headers }) => ({
      status: headers.authorization === 'pod' ? 200 : 403,
      text: JSON.stringify({ AccessKeyId: 'a', SecretAccessKey: 's', Token: 't', Expiration: '2099-01-01T00:00:00Z' }),
    }));
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: agent.url };
    const token = { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: fileOf('pod-token', 'pod') };
    expect(await new CredentialsSource(NONE, { ...env, ...token }).get()).toMatchObject({ accessKeyId: 'a' });
    await expect(new CredentialsSource(NONE, env).get()).rejects.toThrow(ConfigError);
  });

  it('are asked for again after an answer that passes', async () => {
    let asked = 0;
    await using agent = await giving(() =>
      ++asked === 1
        ? { status: 503, text: '' }
        : { status: 200, text: JSON.stringify({ AccessKeyId: 'a', SecretAccessKey: 's' }) },
    );
    const source = new CredentialsSource(NONE, { AWS_CONTAINER_CREDENTIALS_FULL_URI: agent.url });
    await expect(source.get()).rejects.toThrow(Passing);
    expect(await source.get()).toMatchObject({ accessKeyId: 'a' });
  });

  it('are missing, or half of them', () => {
    expect(() => new CredentialsSource(NONE, {})).toThrow(/S3_ACCESS_KEY_ID.*existingSecret/);
    expect(() => new CredentialsSource({ ...NONE, S3_ACCESS_KEY_ID: 'x' }, {})).toThrow(/belong together/);
  });
});
