/**
 * The coordinator of a limit of calls in flight: one workflow that divides the limit of a connection, or of an account, among its
 * campaigns. Only the database contains shares. The coordinator decides when they are divided again, so one that was terminated,
 * reset or continued as new goes on from the records.
 *
 * It is
 * - new: it has not divided the limit yet, and does so at once,
 * - told: a campaign has reported since the last division began; it divides again,
 * - resting: nothing was reported. It divides again after a while, because some changes are not reported: calls of campaigns
 *   without a workflow end, and a process dies before it has told that a workflow has ended or a limit has changed,
 * - done: no campaign holds or needs calls. The run ends, and the next report starts another.
 */
import { counted } from './counted.ts';
import { inUtc } from './terms-in-words.ts';
import { nextTurnAt, type Shareholder, totalHeld } from './shares.ts';

/**
 * The end of a call whose campaign has no workflow is not reported: its slot is given away after this time. A campaign that learns
 * that there is no limit any more does not report either.
 */
const SOON_MS = 15_000;
/** Changes that were not reported are noticed after this time at the latest. */
const OTHERWISE_MS = 60_000;
/**
 * While campaigns wait, the limit is divided this long after a turn has begun. The turns are by the database's clock. A division
 * shortly before the end of a turn would lower a share for a campaign whose turn is over when the call has ended.
 */
const INTO_TURN_MS = 2_000;

/** The number of shares in the Web UI. Each division writes them into the history. */
const MOST_SHOWN = 20;

/** A campaign's part of the limit, for the Web UI. */
type ShownShare = Pick<Shareholder, 'campaignId' | 'need' | 'share' | 'held'>;

/** The limit after a division. */
export interface ShareStanding {
  /** Null: there is no limit any more. Each campaign then has what it needs. */
  readonly limit: number | null;
  /** Calls that campaigns may have in flight. */
  readonly held: number;
  /** Campaigns that need or hold calls. */
  readonly campaigns: number;
  /** Campaigns that need more than their share. */
  readonly waiting: number;
  /** Campaigns with calls in flight of which no run may dial. */
  readonly withoutRun: number;
  /** Whether the coordinator must look up calls of such campaigns. Nothing else does. */
  readonly lookUpDue: boolean;
  /** Trouble of the whole connection, as at the division. Left out: none. */
  readonly trouble?: { readonly reason: string; readonly since: number; readonly times: number };
  /** The largest shares. */
  readonly shown: readonly ShownShare[];
}

export interface CoordinatorState {
  /** Whether a campaign has reported since the last division began. */
  told: boolean;
  /** Whether a look-up of calls of campaigns without a workflow is under way. */
  lookingUp: boolean;
  standing: ShareStanding | null;
  dividedAt: number;
}

type CoordinatorStep =
  | { readonly kind: 'divide' | 'continue_as_new' | 'end' }
  | { readonly kind: 'rest'; readonly until: number };

export function newCoordinator(): CoordinatorState {
  return { told: false, lookingUp: false, standing: null, dividedAt: 0 };
}

/** The limit after a division. `withoutRun` are campaigns of which no run may dial. */
export function standingOf(
  limit: number | null,
  holders: readonly Shareholder[],
  withoutRun: ReadonlySet<string>,
  lookUpDue: boolean,
): ShareStanding {
  const present = holders.filter(({ need, held }) => need > 0 || held > 0);
  const largest = present.toSorted((a, b) => b.held - a.held).slice(0, MOST_SHOWN);
  return {
    limit,
    held: totalHeld(holders),
    campaigns: present.length,
    waiting: holders.filter(({ need, share }) => need > share).length,
    withoutRun: holders.filter(({ campaignId }) => withoutRun.has(campaignId)).length,
    lookUpDue,
    shown: largest.map(({ campaignId, need, share, held }) => ({ campaignId, need, share, held })),
  };
}

/**
 * No report is lost: a run ends only when none has come since its last division, and a run that continues another as new divides
 * at once. It does not wait for a pause between reports, because where there are many campaigns none may come.
 */
export function nextCoordinatorStep(
  { told, lookingUp, standing, dividedAt }: CoordinatorState,
  continueAsNewSuggested: boolean,
  now: number,
): CoordinatorStep {
  if (standing === null) return { kind: 'divide' };
  if (!lookingUp && continueAsNewSuggested) return { kind: 'continue_as_new' };
  if (told) return { kind: 'divide' };
  if (!lookingUp && standing.campaigns === 0) return { kind: 'end' };
  const until = restsUntil(standing, dividedAt);
  return now < until ? { kind: 'rest', until } : { kind: 'divide' };
}

function restsUntil({ withoutRun, limit, waiting }: ShareStanding, dividedAt: number): number {
  if (withoutRun > 0 || limit === null) return dividedAt + SOON_MS;
  return waiting > 0 ? nextTurnAt(dividedAt - INTO_TURN_MS) + INTO_TURN_MS : dividedAt + OTHERWISE_MS;
}

/** The limit as a short page of Markdown, for an operator who sees only this. */
export function coordinatorDetails(limitId: string, { standing }: CoordinatorState): string {
  if (standing === null) return `**${limitId}**: divides its calls in flight among its campaigns`;
  const { limit, held, campaigns, waiting, withoutRun, trouble, shown } = standing;
  const lines = [
    `**${limitId}**: ${counted(campaigns, 'campaign')}, ${waiting === 0 ? 'each has what it needs' : `${waiting} could use more`}`,
    '',
    `- In flight at most: ${held} of ${limit ?? 'any number'}`,
    ...(withoutRun > 0 ? [`- ${counted(withoutRun, 'campaign')} without a workflow: calls run to their end`] : []),
    ...(trouble
      ? [`- Trouble: ${trouble.reason}, ${counted(trouble.times, 'time')} since ${inUtc(trouble.since)}`]
      : []),
    ...(shown.length > 0
      ? ['', '| Campaign | Share | Needs | In flight at most |', '| --- | ---: | ---: | ---: |']
      : []),
    ...shown.map((row) => `| ${row.campaignId} | ${row.share} | ${row.need} | ${row.held} |`),
  ];
  if (campaigns > shown.length) lines.push('', `And ${counted(campaigns - shown.length, 'other campaign')}.`);
  return lines.join('\n');
}
