/** `GET /connections/{name}`: what happens on a connection now. */
import type { CampaignOnConnection, ConnectionState } from '../../db/connection-state.ts';
import {
  type ConnectionDetails,
  type ConnectionResponse,
  MOST_CAMPAIGNS_SHOWN,
} from '../../domain/api/connection-response.ts';

/** The answer for an account. Campaigns of other accounts appear only as a count of their calls. */
export function connectionDetails(
  connection: ConnectionResponse & { readonly max_concurrent_calls: number | null },
  state: ConnectionState,
  account: string,
): ConnectionDetails {
  const own = state.campaigns.filter((campaign) => campaign.account === account).slice(0, MOST_CAMPAIGNS_SHOWN);
  const shown = new Set(own.map(({ id }) => id));
  const others = state.campaigns.filter(({ id }) => !shown.has(id));
  const limit = lower(connection.max_concurrent_calls, state.maxConcurrentCalls);
  const sharesOf = ({ share, need }: Pick<CampaignOnConnection, 'share' | 'need'>) => ({
    share: limit === null ? null : (share ?? 0),
    need: limit === null ? null : (need ?? 0),
  });
  return {
    ...connection,
    calls_per_second: lower(connection.calls_per_second, state.callsPerSecond),
    max_concurrent_calls: limit,
    in_flight: total(state.campaigns, 'inFlight'),
    campaigns: own.map(({ id, name, inFlight, ...shared }) => ({ id, name, in_flight: inFlight, ...sharesOf(shared) })),
    other_campaigns: {
      campaigns: others.length,
      in_flight: total(others, 'inFlight'),
      ...sharesOf({ share: total(others, 'share'), need: total(others, 'need') }),
    },
    placed_last_minute: total(state.campaigns, 'placedLastMinute'),
    next_call_at: state.nextAt?.toISOString() ?? null,
    breaker: breakerAnswer(state.breaker, state.now.getTime()),
    stopped: state.stop && {
      scope: state.stop.scope.split(':')[0] as 'all' | 'account' | 'connection',
      since: new Date(state.stop.since).toISOString(),
    },
    as_of: state.now.toISOString(),
  };
}

function breakerAnswer({ trouble }: ConnectionState['breaker'], now: number): ConnectionDetails['breaker'] {
  if (trouble === null) {
    return { state: 'closed', reason: null, since: null, times: 0, open_until: null, at_once: null };
  }
  const { reason, since, times, openUntil, atOnce } = trouble;
  const isOpen = now < openUntil;
  return {
    state: isOpen ? 'open' : 'half_open',
    reason,
    since: new Date(since).toISOString(),
    times,
    open_until: isOpen ? new Date(openUntil).toISOString() : null,
    at_once: isOpen ? null : atOnce,
  };
}

function total(campaigns: readonly CampaignOnConnection[], of: 'inFlight' | 'share' | 'need' | 'placedLastMinute') {
  return campaigns.reduce((sum, campaign) => sum + (campaign[of] ?? 0), 0);
}

/** The lower of two limits. Null is no limit. */
function lower(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}
