import { ZONE_DATA_VERSION } from '../../domain/windows/zone-data.ts';
import { readOwnPackage } from '../own-package.ts';
import { type Finding, trouble, well } from './finding.ts';

/** Which Ringfence, which Node.js and which time zone data this is. */
export function checkThisProgram(): Finding {
  const { version, engines } = readOwnPackage();
  const node = process.versions.node;
  const facts = { ringfence: version, node, node_needed: engines.node, zone_data: ZONE_DATA_VERSION };
  const found = `ringfence ${version} on Node.js ${node}, time zone data ${ZONE_DATA_VERSION}`;
  const oldest = engines.node.replace(/^\D+/, '');
  if (isAtLeast(node, oldest)) return well('program', found, facts);
  return trouble('program', found, `Install Node.js ${oldest} or newer from https://nodejs.org.`, facts);
}

function isAtLeast(version: string, oldest: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
