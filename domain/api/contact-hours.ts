/** Whose hours hold for a contact of a campaign: in which zones, who says so, and under which policies. */
import { ContactGroups, type GroupTerms, haveOwnHours, type Whereabouts } from '../contacts/contact-group.ts';
import { CONTACT_ZONE } from '../engine/schedule-fields.ts';
import type { LimitedSchedule } from '../windows/common-windows.ts';
import { type GroupRule, groupSchedules, OWN_HOURS } from '../windows/group-hours.ts';
import { policiesNamed } from '../windows/policies/built-in.ts';
import type { ContactHours } from './contact-explanation.ts';

/** The schedules that must all be open, and where they come from. */
export interface HoursOfContact {
  readonly told: ContactHours;
  readonly schedules: readonly LimitedSchedule[];
}

/**
 * The hours of a contact. Null: its zone is not known, so it has none.
 *
 * @param group the rule of its group. Null: the campaign has no groups
 */
export function hoursOfContact(
  terms: GroupTerms,
  contact: Whereabouts,
  group: GroupRule | null,
  now: number,
): HoursOfContact | null {
  const { schedule } = terms;
  if (!haveOwnHours(terms)) return hoursIn(terms, OWN_HOURS, 'campaign');
  const groups = new ContactGroups(terms, now);
  const rule = group ?? groups.ruleOf(contact);
  if (rule === null) return null;
  // In a campaign with a time zone, only policies ask where the contact is.
  const isOwn = schedule.timezone !== CONTACT_ZONE && rule.zones.length === 0;
  return hoursIn(terms, rule, isOwn ? 'campaign' : groups.zonesOf(contact).from);
}

function hoursIn({ schedule }: GroupTerms, rule: GroupRule, from: ContactHours['from']): HoursOfContact {
  const policies = policiesNamed(rule.policies);
  return {
    told: {
      timezones: rule.zones.length > 0 ? [...rule.zones] : [schedule.timezone],
      from,
      policies: policies.map(({ name, version }) => ({ name, version })),
    },
    schedules: groupSchedules(schedule, rule, policies),
  };
}
