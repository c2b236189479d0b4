/**
 * A campaign's share in a limit of calls in flight, as the campaign knows it. `domain/engine/shares.ts` says what a share is.
 *
 * In each epoch the campaign is
 * - without a share: it has reported nothing yet. It starts no call.
 * - within its share: it starts calls up to it, and reports when what it needs changes by enough to matter to others.
 * - above its share, because the share was lowered: it starts no call, and reports each time a part of the calls above has ended.
 *
 * It never reports single calls. A campaign whose share is 0 reports again after a minute, in case the coordinator was ended.
 */
import type { KnownShare } from './campaign-state.ts';
import type { GivenShare } from './share-messages.ts';

/** A change of what a campaign needs matters if it is by more than this part. */
const MATTERS = 0.25;
/** Calls above a lowered share are reported in this many parts: others get them soon, and the reports stay few. */
const PARTS = 4;
const REPORT_AGAIN_MS = 60_000;

/** What a campaign reports. */
export interface SlotNeed {
  /** Calls that it could have in flight now, at most `most`. */
  readonly need: number;
  readonly most: number;
  readonly inFlight: number;
}

/** Whether to report now. */
export function isReportDue(known: KnownShare | null, { need, most, inFlight }: SlotNeed, now: number): boolean {
  // Also if it needs nothing: the share of the epoch before is still on record.
  if (known === null) return true;
  const needsNothing = need === 0;
  if (needsNothing !== (known.need === 0)) return true;
  if (!needsNothing && now >= reportAgainAt(known)) return true;
  const ended = known.held - Math.max(known.share, inFlight);
  if (known.held > known.share && ended >= Math.max(1, Math.ceil((known.held - known.share) / PARTS))) return true;
  if (need > known.need) return need > known.share && (need === most || need >= known.need * (1 + MATTERS));
  return need < known.need && need < known.share && need <= known.need * (1 - MATTERS);
}

/** When a report is due although nothing has changed. Infinity: never. */
export function reportAgainAt({ share, need, reportedAt }: KnownShare): number {
  return share === 0 && need > 0 ? reportedAt + REPORT_AGAIN_MS : Infinity;
}

/** The campaign has begun to report. Before its first report it holds what is in flight. */
export function reported(
  known: KnownShare | null,
  { need, inFlight }: Pick<SlotNeed, 'need' | 'inFlight'>,
  now: number,
): KnownShare {
  const before = known ?? { revision: 0, share: 0, held: inFlight, report: 0 };
  return { ...before, report: before.report + 1, need, reportedAt: now };
}

/** A share that arrives, in any order and any number of times. The newest revision counts. */
export function given(known: KnownShare, { revision, share, held }: GivenShare): KnownShare {
  if (revision < known.revision) return known;
  if (revision > known.revision) return { ...known, revision, share, held };
  return { ...known, held: Math.min(known.held, held) };
}
