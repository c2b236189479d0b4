/** Asks a provider about its orphans, and links those to their calls that match without doubt. */
import { describeOrphan, possibleMatches, linkOrphan } from '../db/orphans.ts';
import type { Pool } from '../db/pool.ts';
import { certainMatches } from '../domain/dialling/orphan-match.ts';
import { type Answered, lookUpWithinBudget, type Reserve } from './budgeted-look-up.ts';
import type { CallProvider } from './port.ts';

/** Orphans that are asked about at the same time. Few, so that they leave most of the budget to calls in flight. */
export const ORPHANS_ASKED = 20;

export interface AskedConnection {
  readonly name: string;
  readonly provider: CallProvider;
  /** From its budget of look-ups. */
  readonly reserve: Reserve;
}

/** @returns the ids of our calls that are linked now */
export async function adoptOrphans(
  pool: Pool,
  connection: AskedConnection,
  orphans: readonly string[],
  now: () => number,
): Promise<string[]> {
  const { name, provider, reserve } = connection;
  const asked = orphans.map((providerCallId) => ({ callId: null, providerCallId, urgent: false }));
  await lookUpWithinBudget(provider, reserve, asked, async ({ providerCallId }, answer) => {
    // What was not asked is asked next time.
    if (answer.kind !== 'deferred') await describeOrphan(pool, name, providerCallId, saidIn(answer));
  });
  const adopted: string[] = [];
  for (const match of certainMatches(await possibleMatches(pool, name))) {
    if (await linkOrphan(pool, name, match, now())) adopted.push(match.callId);
  }
  return adopted;
}

/** The provider's data about the orphan. Null if it does not answer, which says nothing about the orphan. */
function saidIn(answer: Exclude<Answered, { kind: 'deferred' }>) {
  if (answer.kind === 'unknown' || answer.kind === 'failed') return null;
  return answer.particulars ?? NOTHING_SAID;
}

const NOTHING_SAID = { phoneNumber: null, agentId: null, placedAt: null };
