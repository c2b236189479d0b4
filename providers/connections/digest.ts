import { createHash } from 'node:crypto';

/** A short digest of settings, which shows whether they are the same and nothing of the secrets in them. */
export function digest(settings: unknown): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('base64url').slice(0, 22);
}
