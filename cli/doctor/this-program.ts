import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ZONE_DATA_VERSION } from '../../domain/windows/zone-data.ts';
import { type Finding, trouble, well } from './finding.ts';

const Package = z.object({
  name: z.literal('ringfence'),
  version: z.string(),
  engines: z.object({ node: z.string() }),
});
type Package = z.infer<typeof Package>;

/** Which Ringfence, which Node.js and which time zone data this is. */
export async function checkThisProgram(): Promise<Finding> {
  const { version, engines } = await ownPackage(new URL('.', import.meta.url));
  const node = process.versions.node;
  const facts = { ringfence: version, node, node_needed: engines.node, zone_data: ZONE_DATA_VERSION };
  const found = `ringfence ${version} on Node.js ${node}, time zone data ${ZONE_DATA_VERSION}`;
  const oldest = engines.node.replace(/^\D+/, '');
  if (isAtLeast(node, oldest)) return well('program', found, facts);
  return trouble('program', found, `Install Node.js ${oldest} or newer from https://nodejs.org.`, facts);
}

/** The package that this file belongs to, wherever it was built to. */
async function ownPackage(folder: URL): Promise<Package> {
  const text = await readFile(new URL('package.json', folder), 'utf8').catch(() => 'null');
  const read = Package.safeParse(JSON.parse(text));
  return read.success ? read.data : ownPackage(new URL('..', folder));
}

function isAtLeast(version: string, oldest: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
