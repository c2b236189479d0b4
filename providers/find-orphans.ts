/** Asks a provider about its orphans, and links those to their calls that match without doubt. */
import { describeOrphan, possibleMatches, linkOrphan } from '../db/orphans.ts';
import type { Pool } from '../db/pool.ts';
import { certainMatches } from '../domain/dialling/orphan-match.ts';
import { lookUp } from './checked.ts';
import type { CallProvider } from './port.ts';

/** Orphans that are asked about at the same time. Few, so that they do not use up the provider's rate limits. */
export const ORPHANS_ASKED = 20;

export interface AskedConnection {
  readonly name: string;
  readonly provider: CallProvider;
}

/** @returns the ids of our calls that are linked now */
export async function adoptOrphans(
  pool: Pool,
  connection: AskedConnection,
  orphans: readonly string[],
  now: () => number,
): Promise<string[]> {
  await Promise.all(orphans.map((providerCallId) => askWhoseItIs(pool, connection, providerCallId)));
  const adopted: string[] = [];
  for (const match of certainMatches(await possibleMatches(pool, connection.name))) {
    if (await linkOrphan(pool, connection.name, match, now())) adopted.push(match.callId);
  }
  return adopted;
}

/** The provider's data about the orphan. Nothing if it does not answer, which says nothing about the orphan. */
async function askWhoseItIs(pool: Pool, { name, provider }: AskedConnection, providerCallId: string): Promise<void> {
  const [found] = await lookUp(provider, [{ callId: null, providerCallId }]);
  const isKnown = found !== undefined && found !== null && found.kind !== 'unknown';
  const said = isKnown ? (found.particulars ?? NOTHING_SAID) : null;
  await describeOrphan(pool, name, providerCallId, said);
}

const NOTHING_SAID = { phoneNumber: null, agentId: null, placedAt: null };
