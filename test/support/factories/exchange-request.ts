import type { ExchangeRequest } from '../../../domain/engine/roster.ts';

/** The first exchange of the first run, which settles and claims nothing. */
export function exchangeRequest(
  stated: Partial<ExchangeRequest> & Pick<ExchangeRequest, 'campaignId' | 'now'>,
): ExchangeRequest {
  return {
    exchangeNumber: 1,
    epoch: 1,
    continuedFrom: null,
    settled: [],
    started: [],
    returned: [],
    released: [],
    endRetries: null,
    want: 0,
    open: [0],
    sync: { status: 'active', ending: null, waitingFor: null, until: null, placed: 0, zoneData: null, trouble: null },
    terms: null,
    day: null,
    lateEvents: 0,
    ...stated,
  };
}
