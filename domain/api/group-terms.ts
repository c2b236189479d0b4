import type { GroupTerms } from '../contacts/contact-group.ts';
import { EngineSchedule } from '../engine/schedule-fields.ts';
import { policiesNamed } from '../windows/policies/built-in.ts';
import { SKIP, type Schedule } from '../windows/schedule.ts';
import type { CampaignTerms } from './campaign-request.ts';

/** The terms that decide on groups, as recorded or as requested. */
export function groupTerms(terms: Pick<CampaignTerms, keyof Schedule | 'unknown_zone' | 'policy'>): GroupTerms {
  const { unknown_zone: unknownZone, policy } = terms;
  return {
    schedule: EngineSchedule.parse(terms),
    policies: policiesNamed(policy),
    unknownZone: unknownZone === undefined || unknownZone === SKIP ? null : unknownZone,
  };
}
