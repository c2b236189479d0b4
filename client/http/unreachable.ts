/** Why there is no answer at all. */
import { RingfenceError } from '../errors.ts';

const NO_HOST = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA']);
/** HTTP where TLS is spoken, or the reverse, or another protocol. */
const OTHER_PROTOCOL = /^(?:HPE_|EPROTO$|ERR_SSL_)/;

export function unreachable(root: string, cause: unknown): RingfenceError {
  return new RingfenceError('api_unreachable', `${sentence(root, codeOf(cause))}.`, { cause });
}

export function timedOut(root: string, timeoutMs: number): RingfenceError {
  const message = `${root} did not answer within ${timeoutMs / 1_000} s: the request may or may not have taken effect.`;
  return new RingfenceError('api_unreachable', message);
}

function sentence(root: string, code: string): string {
  if (code === 'ECONNREFUSED') return `Nothing listens at ${root}: check that the gateway runs, and the base URL`;
  if (NO_HOST.has(code)) return `The host name in ${root} is unknown (${code}): check the base URL`;
  if (OTHER_PROTOCOL.test(code))
    return `What listens at ${root} speaks another protocol (${code}): check http or https`;
  return `The connection to ${root} failed (${code}): check the base URL and the network`;
}

function codeOf(cause: unknown): string {
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'no code';
}
