/** The configuration files of a local broker, as text. Pure: nothing here touches disk or network. */

/** Brokers that are servers of their own, with packages and images. */
export type Server = 'redis' | 'rabbitmq';

/** What a run can have for a broker on this machine; `embedded` is our own program, and always there. */
export type Backend = Server | 'embedded';

export type Provider = 'docker' | 'path' | 'packages';

/** What one local broker is made of. */
export interface Spec {
  backend: Server;
  /** unique on this machine */
  name: string;
  /** holds configuration, data, logs and pid files */
  dir: string;
  /** whether `dir` outlives the broker */
  keep: boolean;
  port: number;
  /** RabbitMQ only */
  managementPort: number;
  /** RabbitMQ only: Erlang's own */
  distPort: number;
  /** RabbitMQ only: Erlang's port mapper */
  epmdPort: number;
  user: string;
  password: string;
  /** Redis only */
  appendfsync: 'always' | 'everysec';
  /** Redis only, as in redis.conf */
  maxmemory: string | undefined;
  /** further lines of redis.conf or rabbitmq.conf */
  settings: readonly string[];
}

/** How a provider runs one broker. */
export interface Engine {
  /** also after `kill9`: on the same data and the same ports */
  start: () => Promise<void>;
  /** resolves when the broker is gone */
  kill9: () => Promise<void>;
  /** changes a directory of its data while it is down */
  edit: (inside: string, change: (copy: string) => Promise<void>) => Promise<void>;
  /** why it ended by itself, if it did */
  failure: () => Promise<string | undefined>;
  /** the last lines it printed */
  output: () => Promise<string>;
}

/**
 * Fewer Erlang threads and no busy waiting: a broker for tests shares two cores with the tests. Channels look every
 * second, not every minute, whether something is held for longer than consumer_timeout. Queues tell their counts as often
 * as in the chart.
 */
export const ERLANG_ARGS =
  '+S 2:2 +SDcpu 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -rabbit channel_tick_interval 1000 quorum_tick_interval 500';

/** @param inside as the broker sees them, which differs in a container */
export function redisConfig(spec: Spec, { bind, port, data }: { bind: string; port: number; data: string }) {
  return lines([
    `bind ${bind}`,
    `port ${port}`,
    `dir ${data}`,
    'appendonly yes',
    `appendfsync ${spec.appendfsync}`,
    'save ""',
    'maxmemory-policy noeviction',
    // As in the chart, which says why.
    'stream-node-max-entries 16',
    ...(spec.maxmemory === undefined ? [] : [`maxmemory ${spec.maxmemory}`]),
    `requirepass ${spec.password}`,
    'daemonize no',
    ...spec.settings,
  ]);
}

/** @param inside as the broker sees them */
export function rabbitmqConfig(
  spec: Spec,
  { bind, port, managementPort }: { bind: string; port: number; managementPort: number },
) {
  return lines([
    `listeners.tcp.1 = ${bind}:${port}`,
    `management.tcp.ip = ${bind}`,
    `management.tcp.port = ${managementPort}`,
    `default_user = ${spec.user}`,
    `default_pass = ${spec.password}`,
    // As in the chart, which says why.
    'collect_statistics_interval = 1000',
    'management.sample_retention_policies.global.minute = 5',
    'management.sample_retention_policies.global.hour = 60',
    'management.sample_retention_policies.global.day = 1200',
    'management.sample_retention_policies.basic.minute = 1',
    'management.sample_retention_policies.basic.hour = 60',
    'management.sample_retention_policies.detailed.minute = 10',
    'log.console = true',
    'log.console.level = info',
    'log.file = false',
    ...spec.settings,
  ]);
}

export const RABBITMQ_PLUGINS = '[rabbitmq_management].\n';

function lines(parts: string[]) {
  return `${parts.join('\n')}\n`;
}
