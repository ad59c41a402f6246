/** What a version of RabbitMQ can do. */
import type { ChannelModel } from 'amqplib';

export type Version = readonly [major: number, minor: number];

export function versionOf(connection: ChannelModel): Version {
  const [major = 0, minor = 0] = String(connection.connection.serverProperties['version']).split('.').map(Number);
  return [major, minor];
}

export function isAtLeast([major, minor]: Version, [wantedMajor, wantedMinor]: Version): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
