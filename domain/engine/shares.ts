/**
 * How the campaigns of a connection share its limit of calls in flight. Each campaign has a share, and keeps its calls in flight
 * within it. The limit holds because the sum of what campaigns may have in flight (`held`) never rises above it.
 *
 * A share changes in these ways. Each change has a number (`revision`), and counts from 0 in each epoch of the campaign.
 * - Raised: `share` and `held` rise at once, by what no other campaign holds.
 * - Lowered: `share` falls and `held` stays. The campaign learns of it, starts no call, and reports as its calls end. A report that
 *   names this revision lowers `held` to the calls in flight, at least to the share. A report that names another one does not,
 *   because the campaign may not know yet what it may still do under the present one.
 * - Taken over: a run that adopts the campaign's records has a new epoch. It has no share until it is given one, and holds the
 *   calls that are in flight.
 * - Without an owner: no run of the campaign may dial, because it is over or its workflow has ended. Its share is 0, and it holds
 *   what its dial records show as in flight.
 *
 * The division is max-min fair: no campaign has less than another while it could use more, apart from a remainder of one call. A
 * share that its campaign does not need is lowered only when another campaign needs it, so campaigns that need little cause no
 * messages. Calls of campaigns that need nothing, for example paused ones, are not part of the division.
 *
 * A limit that is lowered below what campaigns hold ends no call. All shares are 0 until calls have ended down to the new limit.
 */

/** Shares of fewer than one call change hands this often: longer than most calls ring, so that each turn sees some of them. */
const TURN_MS = 60_000;

/** When the turn begins that comes after `now`. */
export function nextTurnAt(now: number): number {
  return (Math.floor(now / TURN_MS) + 1) * TURN_MS;
}

/** A campaign on a connection, as recorded. */
export interface Shareholder {
  readonly campaignId: string;
  readonly epoch: number;
  /** The number of its latest report in this epoch. */
  readonly report: number;
  /** Calls that it could have in flight now. */
  readonly need: number;
  readonly share: number;
  /** Calls that it may have in flight at most: the share, or more while calls above a lowered share run. */
  readonly held: number;
  readonly revision: number;
  /** The last revision that the campaign is known to have received. */
  readonly told: number;
}

/** What a campaign says about itself. */
export interface ShareReport {
  readonly campaignId: string;
  readonly epoch: number;
  /** Rises with each report of the epoch. */
  readonly number: number;
  /** The latest revision that the campaign knows. 0: it has no share yet. */
  readonly revision: number;
  readonly need: number;
  /** Calls that are or may be in flight, placements under way included. */
  readonly inFlight: number;
}

/** Divides the limit max-min fairly. If fewer calls than campaigns need one are left, `turn` decides which campaigns get them. */
export function fairShares(limit: number, needs: readonly number[], turn = 0): number[] {
  const shares = needs.map(() => 0);
  let open = [...needs.keys()].filter((index) => needs[index]! > 0);
  const first = limit < open.length ? turn * limit : 0;
  let left = limit;
  while (open.length > 0 && left >= open.length) {
    const smallest = Math.min(...open.map((index) => needs[index]! - shares[index]!));
    const each = Math.min(Math.floor(left / open.length), smallest);
    for (const index of open) shares[index]! += each;
    left -= each * open.length;
    open = open.filter((index) => shares[index]! < needs[index]!);
  }
  for (let next = 0; next < Math.min(left, open.length); next += 1) {
    shares[open[(first + next) % open.length]!]! += 1;
  }
  return shares;
}

/**
 * The campaigns after a division of the limit among all of them. The order of the campaigns must be the same in each division.
 * Without a limit (Infinity) each has what it needs. The sum of `held` rises by no more than the limit leaves.
 */
export function shareOut(limit: number, holders: readonly Shareholder[], now: number): Shareholder[] {
  if (totalHeld(holders) > limit) return holders.map((holder) => withShare(holder, 0));
  const idle = holders.filter(({ need }) => need === 0);
  const fair = fairShares(
    limit - sum(idle.map(callsAboveShare)),
    holders.map(({ need }) => need),
    Math.floor(now / TURN_MS),
  );
  return raise(limit, lower(limit, holders, fair), fair);
}

/**
 * Lowers shares by what others lack and are not about to get. Campaigns that need nothing go first: only their reports show which
 * of their shares are calls that still run.
 */
function lower(limit: number, holders: readonly Shareholder[], fair: readonly number[]): readonly Shareholder[] {
  const lacking = sum(holders.map(({ share }, index) => Math.max(0, fair[index]! - share)));
  const coming = sum(holders.filter(({ need }) => need > 0).map(callsAboveShare));
  let short = lacking - coming - (limit - totalHeld(holders));
  if (short <= 0) return holders;
  if (holders.some(({ need, share }) => need === 0 && share > 0)) {
    return holders.map((holder) => (holder.need === 0 ? withShare(holder, 0) : holder));
  }
  const shares = holders.map(({ share }) => share);
  const excess = shares.map((share, index) => Math.max(0, share - fair[index]!));
  for (const index of [...excess.keys()].sort((a, b) => excess[b]! - excess[a]!)) {
    const taken = Math.min(excess[index]!, short);
    shares[index]! -= taken;
    short -= taken;
  }
  return holders.map((holder, index) => withShare(holder, shares[index]!));
}

/** Raises the lowest shares first, call by call. Calls that a campaign still holds above a lowered share count as its own again. */
function raise(limit: number, holders: readonly Shareholder[], fair: readonly number[]): Shareholder[] {
  const shares = holders.map(({ share }) => share);
  let free = limit - totalHeld(holders);
  for (;;) {
    let lowest: number | null = null;
    for (const [index, { held }] of holders.entries()) {
      const mayRise = shares[index]! < fair[index]! && (shares[index]! < held || free > 0);
      if (mayRise && (lowest === null || shares[index]! < shares[lowest]!)) lowest = index;
    }
    if (lowest === null) return holders.map((holder, index) => withShare(holder, shares[index]!));
    if (shares[lowest]! >= holders[lowest]!.held) free -= 1;
    shares[lowest]! += 1;
  }
}

function callsAboveShare({ held, share }: Shareholder): number {
  return held - share;
}

function withShare(holder: Shareholder, share: number): Shareholder {
  if (share === holder.share) return holder;
  return { ...holder, share, held: Math.max(holder.held, share), revision: holder.revision + 1 };
}

/** The campaign after its report. A report that is older than one before it changes nothing. */
export function applyReport(holder: Shareholder | null, report: ShareReport): Shareholder {
  const { campaignId, epoch, number, revision, need, inFlight } = report;
  if (holder === null || holder.epoch < epoch) {
    return { campaignId, epoch, report: number, need, share: 0, held: inFlight, revision: 0, told: 0 };
  }
  if (holder.epoch > epoch || holder.report >= number) return holder;
  const held = revision === holder.revision ? Math.max(holder.share, inFlight) : Math.max(holder.held, inFlight);
  return { ...holder, report: number, need, held, told: Math.max(holder.told, revision) };
}

/** A campaign of which no run may dial, with the calls that its records show as in flight. */
export function withoutOwner(holder: Shareholder, inFlight: number): Shareholder {
  return { ...withShare(holder, 0), need: 0, held: inFlight };
}

/** Calls that campaigns may have in flight on the connection. */
export function totalHeld(holders: readonly Shareholder[]): number {
  return sum(holders.map(({ held }) => held));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
