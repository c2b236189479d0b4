import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type Binary, platformKey } from './binary.ts';

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * Refuses a file whose content is not the recorded one for this machine.
 *
 * @throws Error that names both digests, or says that none is recorded for the platform.
 */
export async function verifyChecksum(binary: Binary, path: string, platform = platformKey()): Promise<void> {
  const accepted = binary.sha256[platform];
  if (!accepted) {
    throw new Error(`no checksum of ${binary.title} ${binary.version} is recorded for ${platform}`);
  }
  const found = await sha256Of(path);
  if (!accepted.includes(found)) {
    throw new Error(
      `the file is not ${binary.title} ${binary.version} for ${platform}: its SHA-256 is ${found}, expected ${accepted.join(' or ')}`,
    );
  }
}
