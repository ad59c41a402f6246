/** Brokers that are started once for all files of a project, and told to them as data. */
import type { LocalBroker } from '../../ops/local/broker.js';

/** All that a test needs of a broker which it neither kills nor stops. */
export type Reachable = Pick<
  LocalBroker,
  'backend' | 'host' | 'port' | 'socket' | 'managementPort' | 'user' | 'password' | 'env'
>;

declare module 'vitest' {
  export interface ProvidedContext {
    redis: Reachable;
    rabbitmq: Reachable;
    embedded: Reachable;
  }
}

export function reachable({
  backend,
  host,
  port,
  socket,
  managementPort,
  user,
  password,
  env,
}: LocalBroker): Reachable {
  return { backend, host, port, socket, managementPort, user, password, env };
}
