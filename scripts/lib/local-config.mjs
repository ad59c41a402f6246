/** The configuration files of a local broker, as text. Pure: nothing here touches disk or network. */

/**
 * @typedef {'redis' | 'rabbitmq'} Backend
 * @typedef {'docker' | 'path' | 'packages'} Provider
 *
 * @typedef {object} Spec What one local broker is made of.
 * @property {Backend} backend
 * @property {string} name unique on this machine
 * @property {string} dir holds configuration, data, logs and pid files
 * @property {boolean} keep whether `dir` outlives the broker
 * @property {number} port
 * @property {number} managementPort RabbitMQ only
 * @property {number} distPort RabbitMQ only: Erlang's own
 * @property {number} epmdPort RabbitMQ only: Erlang's port mapper
 * @property {string} user
 * @property {string} password
 * @property {'always' | 'everysec'} appendfsync Redis only
 * @property {string | undefined} maxmemory Redis only, as in redis.conf
 * @property {readonly string[]} settings Redis only: further lines of redis.conf
 *
 * @typedef {object} Engine How a provider runs one broker.
 * @property {() => Promise<void>} start also after `kill9`: on the same data and the same ports
 * @property {() => Promise<void>} kill9 resolves when the broker is gone
 * @property {(inside: string, change: (copy: string) => Promise<void>) => Promise<void>} edit changes a directory of its data while it is down
 * @property {() => Promise<string | undefined>} failure why it ended by itself, if it did
 * @property {() => Promise<string>} output the last lines it printed
 */

/** Fewer Erlang threads and no busy waiting: a broker for tests shares two cores with the tests. */
export const ERLANG_ARGS = '+S 2:2 +SDcpu 1:1 +sbwt none +sbwtdcpu none +sbwtdio none';

/**
 * @param {Spec} spec
 * @param {{ bind: string, port: number, data: string }} inside as the broker sees them, which differs in a container
 */
export function redisConfig(spec, { bind, port, data }) {
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

/**
 * @param {Spec} spec
 * @param {{ bind: string, port: number, managementPort: number }} inside as the broker sees them
 */
export function rabbitmqConfig(spec, { bind, port, managementPort }) {
  return lines([
    `listeners.tcp.1 = ${bind}:${port}`,
    `management.tcp.ip = ${bind}`,
    `management.tcp.port = ${managementPort}`,
    `default_user = ${spec.user}`,
    `default_pass = ${spec.password}`,
    'collect_statistics_interval = 1000',
    'log.console = true',
    'log.console.level = info',
    'log.file = false',
  ]);
}

export const RABBITMQ_PLUGINS = '[rabbitmq_management].\n';

/** @param {string[]} parts */
function lines(parts) {
  return `${parts.join('\n')}\n`;
}
