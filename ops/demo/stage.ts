/** What a demo runs on: a cluster, or the processes of this machine. The rest of the demo does not know which. */
import type { Script } from '../script/frame.js';

export interface Stage {
  /** how to reach the broker from here, and which run it is */
  env: Record<string, string>;
  /** how long the run may take */
  deadlineSeconds: number;
  /** those that run now */
  workers: () => Promise<RunningWorker[]>;
  /**
   * ends a worker's process without grace, and resolves when it is seen dead, with
   * the moment of the kill in milliseconds since the epoch
   */
  kill: (name: string) => Promise<number>;
  /** what a worker has printed so far, dead or alive */
  log: (name: string) => Promise<string>;
  /** how to learn the broker's password */
  passwordHint: string;
  /** takes down what the demo put up */
  close: () => Promise<void>;
}

export interface RunningWorker {
  /** as in records: the pod's name */
  name: string;
  /** where it runs, or '' */
  node: string;
}

/** @param stage whose environment leads to the broker's ports on this machine */
export function openWebMonitor(stage: Stage, script: Script) {
  const { env } = stage;
  if (env.QUEUE_BACKEND === 'embedded') {
    script.print(`web: the embedded broker has no web page; its log is text, beside the socket ${env.EMBEDDED_SOCKET}`);
    return;
  }
  if (env.QUEUE_BACKEND !== 'rabbitmq') {
    script.print(
      'web: Redis has no web page of its own; RedisInsight can be switched on in the chart (redis.insight.enabled=true)',
    );
    return;
  }
  script.print(
    `web: RabbitMQ's management page is at http://${env.RABBITMQ_HOST}:${env.RABBITMQ_MANAGEMENT_PORT} while the demo runs; user ${env.RABBITMQ_USER}, password: ${stage.passwordHint}`,
  );
}
