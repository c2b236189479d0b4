import { setTimeout as pause } from 'node:timers/promises';
import { counted } from '../../domain/engine/counted.ts';
import type { Campaign, CampaignContact, Ringfence } from '../../client/index.ts';
import { isOver } from '../../domain/engine/commands.ts';
import { reasonInWords } from '../../domain/api/interruption.ts';
import { type Comparison, compare } from './comparison.ts';
import { readLedger } from './ledger.ts';
import { type ProgressDisplay, progressLine } from './progress.ts';

const EVERY_MS = 400;
const PAGE = 100;
/** The longest silence of a campaign that goes on is that of its last, longest call. */
const STUCK_AFTER_MS = 10 * 60_000;

interface Followed {
  readonly ringfence: Ringfence;
  readonly ledgerUrl: string;
  readonly campaignId: string;
  readonly display: ProgressDisplay;
  readonly signal: AbortSignal;
  /** Told once, when the provider has the first call. */
  readonly onFirstCall: () => void;
}

/**
 * Shows how a campaign gets on until it has ended.
 * @throws Error when nothing at all has happened for ten minutes.
 */
export async function followToEnd(followed: Followed): Promise<Campaign> {
  const { ringfence, ledgerUrl, campaignId, display, signal, onFirstCall } = followed;
  let news = '';
  let newsAt = performance.now();
  let called = false;
  for (;;) {
    const campaign = await ringfence.campaigns.get(campaignId);
    const calls = await readLedger(ledgerUrl, campaignId);
    if (!called && calls.length > 0) {
      called = true;
      onFirstCall();
    }
    const inFlight = calls.filter(({ ended_at }) => ended_at === null).length;
    const line = progressLine({ campaign, inFlight });
    if (isOver(campaign.status)) {
      display.end(line);
      return campaign;
    }
    if (campaign.interrupted) throw new Error(`The campaign is interrupted: ${reasonInWords(campaign.interrupted)}.`);
    display.show(line);
    if (line !== news) {
      news = line;
      newsAt = performance.now();
    } else if (performance.now() - newsAt > STUCK_AFTER_MS) {
      throw new Error(`Nothing has happened for ${counted(STUCK_AFTER_MS / 60_000, 'minute')}: ${line}`);
    }
    await pause(EVERY_MS, undefined, { signal });
  }
}

/** Sets the record of a campaign beside the provider's ledger. */
export async function compareWithLedger(
  ringfence: Ringfence,
  ledgerUrl: string,
  campaign: Campaign,
): Promise<Comparison> {
  const contacts: CampaignContact[] = [];
  for await (const contact of ringfence.campaigns.contacts(campaign.id, { limit: PAGE })) contacts.push(contact);
  return compare(campaign, contacts, await readLedger(ledgerUrl, campaign.id));
}

export function comparisonTable({ rows, verdict }: Comparison): string {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const line = (what: string, ringfence: unknown, provider: unknown, mark: string) =>
    `${what.padEnd(width)}  ${String(ringfence).padStart(9)}  ${String(provider).padStart(8)}${mark}`;
  return [
    line('', 'Ringfence', 'provider', ''),
    ...rows.map(({ what, ringfence, provider, holds }) => line(what, ringfence, provider, holds ? '' : '  <- differs')),
    verdict.agree
      ? "The records and the provider's ledger agree, call by call."
      : "The records and the provider's ledger DO NOT agree.",
  ].join('\n');
}
