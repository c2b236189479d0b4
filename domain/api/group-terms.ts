import type { GroupTerms } from '../contacts/contact-group.ts';
import { EngineSchedule } from '../engine/schedule-fields.ts';
import { policiesNamed } from '../windows/policies/built-in.ts';
import { SKIP } from '../windows/schedule.ts';
import type { CampaignTerms } from './campaign-request.ts';

/** The recorded terms that decide on groups. */
export function groupTerms(terms: CampaignTerms): GroupTerms {
  const { unknown_zone: unknownZone, policy } = terms;
  return {
    schedule: EngineSchedule.parse(terms),
    policies: policiesNamed(policy),
    unknownZone: unknownZone === undefined || unknownZone === SKIP ? null : unknownZone,
  };
}
