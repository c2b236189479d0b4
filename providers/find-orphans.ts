/** Asks a provider which calls its orphans are, and ties those to their calls that leave no doubt. */
import { describeOrphan, possibleMatches, tieOrphan } from '../db/orphans.ts';
import type { Pool } from '../db/pool.ts';
import { certainMatches } from '../domain/dialling/orphan-match.ts';
import { lookUp } from './checked.ts';
import type { CallProvider } from './port.ts';

/** How many orphans are asked about at once; no limit of the provider's is spent on them. */
export const ORPHANS_ASKED = 20;

/** @returns the ids of our calls that are known from now on. */
export async function adoptOrphans(
  pool: Pool,
  provider: CallProvider,
  orphans: readonly string[],
  now: () => number,
): Promise<string[]> {
  await Promise.all(orphans.map((providerCallId) => askWhoseItIs(pool, provider, providerCallId)));
  const adopted: string[] = [];
  for (const match of certainMatches(await possibleMatches(pool, provider.name))) {
    if (await tieOrphan(pool, provider.name, match, now())) adopted.push(match.callId);
  }
  return adopted;
}

/** What the provider knows of the orphan; nothing where it does not answer, which says nothing about the orphan. */
async function askWhoseItIs(pool: Pool, provider: CallProvider, providerCallId: string): Promise<void> {
  const [found] = await lookUp(provider, [{ callId: null, providerCallId }]);
  const isKnown = found !== undefined && found !== null && found.kind !== 'unknown';
  const said = isKnown ? (found.particulars ?? NOTHING_SAID) : null;
  await describeOrphan(pool, provider.name, providerCallId, said);
}

const NOTHING_SAID = { phoneNumber: null, agentId: null, placedAt: null };
