/** Where a bucket is. */
import { ConfigError } from '../runtime/errors.js';

export interface S3Address {
  /** `http://host:port`; empty: Amazon's in the region. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Before each name; empty or with a slash at its end. */
  readonly prefix: string;
  /** `endpoint/bucket/name`, else `bucket.endpoint/name`. */
  readonly pathStyle: boolean;
}

/** @throws ConfigError where the endpoint is no address */
export function baseOf({ endpoint, region, bucket, pathStyle }: S3Address): string {
  const address = endpoint || `https://s3.${region}.amazonaws.com`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.search !== '')
    throw new ConfigError(
      `S3_ENDPOINT=${endpoint} is no address of a server: give it as http://HOST:PORT or https://HOST (chart: ` +
        'results.s3.endpoint), or leave it out for Amazon',
    );
  if (pathStyle) return `${url.protocol}//${url.host}/${bucket}`;
  const base = `${url.protocol}//${bucket}.${url.host}`;
  if (URL.canParse(base)) return base;
  throw new ConfigError(
    `S3_PATH_STYLE=false: ${base} is no address, since S3_ENDPOINT names no host: set S3_PATH_STYLE=true (chart: ` +
      'results.s3.pathStyle)',
  );
}
