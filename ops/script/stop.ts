/** Failures as scripts report them: what was last seen, and what to do about it. */
import { ProcessOutput } from 'zx';

/** A failure that says what to do about it. Scripts throw this instead of a bare Error. */
export class Stop extends Error {
  readonly remedy: string | undefined;

  /**
   * @param message what failed, where, and the last observed state
   * @param remedy what to type or change
   */
  constructor(message: string, remedy?: string) {
    super(message);
    this.name = 'Stop';
    this.remedy = remedy;
  }
}

/** One short text for anything thrown; of a failed command the command's name, status and the end of its errors. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof ProcessOutput) {
    const said = (thrown.stderr.trim() || thrown.stdout.trim()).split('\n').slice(-15).join('\n');
    return `a command ended with ${thrown.exitCode ?? thrown.signal}: ${said || thrown.message}`;
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * One sentence for what the Kubernetes client throws, whose errors carry headers and bodies. By its shape, so that what
 * only waits need not load the client.
 */
export function apiMessage(thrown: unknown): string {
  if (!(thrown instanceof Error && 'body' in thrown && 'code' in thrown && typeof thrown.code === 'number')) {
    const message = messageOf(thrown);
    return /ECONNREFUSED|ECONNRESET|socket disconnected|socket hang up/.test(message)
      ? 'the API server does not answer'
      : message;
  }
  const body = typeof thrown.body === 'string' ? thrown.body : JSON.stringify(thrown.body ?? '');
  const match = /"message":"((?:[^"\\]|\\.)*)"/.exec(body);
  return `Kubernetes answered ${thrown.code}: ${match?.[1]?.replaceAll('\\"', '"') ?? 'no message'}`;
}
