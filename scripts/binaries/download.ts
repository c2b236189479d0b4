import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { Binary } from './binary.ts';
import { runCommand } from './run-command.ts';

/** Short, because a host that is out of reach must not delay the next way. */
const ANSWER_TIMEOUT_MS = 4_000;
const ARCHIVE_TIMEOUT_MS = 10 * 60_000;

const archiveInfo = z.object({ archiveUrl: z.url(), fileToExtract: z.string() });

/**
 * Fetches the executable from Temporal's download service, in the way the SDK itself does: one request names the archive
 * for a version and platform, the second fetches it.
 *
 * @param directory an empty directory to work in
 * @returns the path of the unpacked executable
 */
export async function downloadOfficial(
  binary: Binary,
  directory: string,
  baseUrl = 'https://temporal.download',
): Promise<string> {
  const query = new URLSearchParams({
    arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
    platform: process.platform,
    format: 'tar.gz',
  });
  const url = `${baseUrl}/${binary.artifact}/v${binary.version}?${query.toString()}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`HTTP status ${answer.status} for ${url}`);
  const { archiveUrl, fileToExtract } = archiveInfo.parse(await answer.json());

  const archive = await fetch(archiveUrl, { signal: AbortSignal.timeout(ARCHIVE_TIMEOUT_MS) });
  if (!archive.ok || !archive.body) throw new Error(`HTTP status ${archive.status} for ${archiveUrl}`);
  const file = join(directory, 'archive.tar.gz');
  await pipeline(Readable.fromWeb(archive.body), createWriteStream(file));
  await runCommand('tar', ['-xzf', file, '-C', directory, fileToExtract]);
  return join(directory, fileToExtract);
}
