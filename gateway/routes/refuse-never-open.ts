import { readGroupRules, waitingGroups } from '../../db/groups.ts';
import type { Queryable } from '../../db/pool.ts';
import type { ChangeCampaign } from '../../domain/api/campaign-change.ts';
import type { CampaignTerms } from '../../domain/api/campaign-request.ts';
import { groupTerms } from '../../domain/api/group-terms.ts';
import { ContactGroups, haveOwnHours } from '../../domain/contacts/contact-group.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { namedZones } from '../../domain/windows/group-hours.ts';

/** Fields whose change may leave nothing of a group's hours, in the order in which a refusal names one. */
const DECISIVE = [
  'calling_hours',
  'start_time',
  'end_time',
  'working_days',
  'holidays',
  'blackout_dates',
  'timezone',
] as const;

/**
 * Refuses a change after which contacts that wait would never be called: their group has an opening now and none any more. At the
 * enrolment such contacts are skipped.
 *
 * @throws RingfenceError `validation_error`
 */
export async function refuseNeverOpen(
  db: Queryable,
  { id, terms: present }: { readonly id: string; readonly terms: CampaignTerms },
  change: ChangeCampaign,
  changed: CampaignTerms,
  now: number,
): Promise<void> {
  const field = DECISIVE.find((name) => change[name] !== undefined);
  const terms = field === undefined ? null : groupTerms(changed);
  if (field === undefined || terms === null || !haveOwnHours(terms)) return;
  const before = new ContactGroups(groupTerms(present), now);
  const after = new ContactGroups(terms, now);
  const rules = await readGroupRules(db, id);
  const closed = [...rules].filter(([, rule]) => !after.isEverOpen(rule) && before.isEverOpen(rule));
  const [group] = await waitingGroups(
    db,
    id,
    closed.map(([no]) => no),
  );
  const rule = group === undefined ? undefined : rules.get(group);
  if (rule === undefined) return;
  const zones = rule.zones.length > 0 ? rule.zones : [changed.timezone];
  const policies = rule.policies.length > 0 ? ` under ${rule.policies.join(', ')}` : '';
  const message = `${field} leaves no time for contacts in ${namedZones(zones)}${policies}, and they would never be called: choose other hours, or take these contacts out first`;
  throw new RingfenceError('validation_error', message, { field });
}
