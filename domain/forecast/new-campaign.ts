import { engineSpec } from '../api/campaign-request.ts';
import { dayZoneOf } from '../engine/schedule-fields.ts';
import { civilDay } from '../windows/windows.ts';
import type { ForecastCampaign } from './forecast.ts';
import type { ForecastRequest } from './request.ts';

/** The campaign that this request would create now, with these contacts. */
export function newForecastCampaign(
  request: ForecastRequest,
  { groups, pending, waiting }: Pick<ForecastCampaign, 'groups' | 'pending' | 'waiting'>,
  now: number,
): ForecastCampaign {
  return {
    now,
    status: null,
    ending: false,
    endedAt: null,
    heldUntil: null,
    spec: engineSpec({ ...request, connection: request.connection ?? '' }),
    groups,
    pending,
    inFlight: [],
    waiting,
    today: { day: civilDay(dayZoneOf(request), now).date, placed: 0 },
    measured: null,
  };
}
