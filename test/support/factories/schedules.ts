import type { z } from 'zod';
import { dayZoneOf, EngineSchedule } from '../../../domain/engine/schedule-fields.ts';
import type { CampaignHours } from '../../../domain/forecast/window-segments.ts';

/** A schedule with what is stated, and defaults for everything else: Monday to Friday, the whole day, UTC. */
export function scheduleOf(stated: z.input<typeof EngineSchedule> = {}): EngineSchedule {
  return EngineSchedule.parse(stated);
}

/** The hours of a campaign whose contacts all have its own. */
export function ownHours(schedule: EngineSchedule, dialMarginMs: number): CampaignHours {
  return { groups: [[schedule]], dayZone: dayZoneOf(schedule), accountDayZone: null, dialMarginMs };
}
