import { z } from 'zod';
import { parseCallId } from '../../domain/engine/ids.ts';

const LedgerAnswer = z.object({
  calls: z.array(
    z.object({
      key: z.string().nullable(),
      accepted_at: z.number(),
      ended_at: z.number().nullable(),
      outcome: z.string().nullable(),
    }),
  ),
});
/** A call as the provider has it in its ledger. */
export type ProviderCall = z.infer<typeof LedgerAnswer>['calls'][number];

const TIMEOUT_MS = 10_000;

/** The calls that the provider accepted for one campaign: their keys begin with its id. */
export async function readLedger(ledgerUrl: string, campaignId: string): Promise<ProviderCall[]> {
  const response = await fetch(ledgerUrl, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const { calls } = LedgerAnswer.parse(await response.json());
  return calls.filter(({ key }) => key !== null && parseCallId(key)?.campaignId === campaignId);
}
