/** The broker's own web page, where it has one: RabbitMQ's management UI. Redis has none of its own. */
/**
 * @param {import('./stage.mjs').Stage} stage whose environment leads to the broker's ports on this machine
 * @param {import('../steps.mjs').Run} run
 */
export async function openWebMonitor(stage, run) {
  const { env } = stage;
  if (env.QUEUE_BACKEND !== 'rabbitmq') {
    run.print(
      'web: Redis has no web page of its own; RedisInsight can be switched on in the chart (redis.insight.enabled=true)',
    );
    return;
  }
  run.print(
    `web: RabbitMQ's management page is at http://${env.RABBITMQ_HOST}:${env.RABBITMQ_MANAGEMENT_PORT} while the demo runs; user ${env.RABBITMQ_USER}, password: ${stage.passwordHint}`,
  );
}
