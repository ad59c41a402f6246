/** A broker of this machine as its users see it, whatever it is and wherever it comes from. */
import type { Backend, Provider } from './config.js';

export interface Options {
  /** where the broker comes from; chosen when omitted */
  provider?: Provider;
  /** standard error when omitted */
  log?: (line: string) => void;
  /** keeps the data there after the end, and starts on what is there */
  persistDir?: string;
  /** Redis: `always` loses nothing to kill -9; default `everysec`, as in the chart */
  appendfsync?: 'always' | 'everysec';
  /** Redis: as in redis.conf, for example `64mb` */
  maxmemory?: string;
  /** further lines of redis.conf or rabbitmq.conf */
  settings?: readonly string[];
}

export interface LocalBroker {
  backend: Backend;
  provider: Provider;
  host: string;
  /** 0 on the embedded broker, which has a socket */
  port: number;
  /** embedded: the path of its socket; empty on the others */
  socket: string;
  /** RabbitMQ's HTTP API; 0 on Redis */
  managementPort: number;
  /** empty on Redis */
  user: string;
  password: string;
  /** QUEUE_BACKEND and the variables that connect to it */
  env: Record<string, string>;
  /** kills it without warning, the Erlang VM itself included */
  kill9: () => Promise<void>;
  /** after kill9: on the same data and ports; resolves when ready */
  restart: () => Promise<void>;
  /** Redis: how long its append-only file is */
  logBytes: () => Promise<number>;
  /** Redis, after kill9: cuts so many bytes off that file's end, as a loss of power does */
  cutLog: (bytes: number) => Promise<void>;
  /** embedded, after kill9: half a line at the end of every log, as a loss of power in the middle of a write leaves */
  tearLog: () => Promise<void>;
  /** ends it and removes everything, but for what is in `persistDir` */
  stop: () => Promise<void>;
}
