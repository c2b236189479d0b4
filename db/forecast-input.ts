/** The state of a campaign that a forecast needs. */
import { type CampaignTerms, engineSpec } from '../domain/api/campaign-request.ts';
import { groupTerms } from '../domain/api/group-terms.ts';
import { haveOwnHours } from '../domain/contacts/contact-group.ts';
import type { Ending, WaitingFor } from '../domain/engine/campaign-state.ts';
import type { ForecastCampaign } from '../domain/forecast/forecast.ts';
import type { Cohort } from '../domain/forecast/fast-forward.ts';
import { type GroupRule, OWN_HOURS } from '../domain/windows/group-hours.ts';
import type { RecordedStatus } from '../domain/api/interruption.ts';
import { CONTACT_ZONE, dayZoneOf } from '../domain/engine/schedule-fields.ts';
import { civilDay } from '../domain/windows/windows.ts';
import type { Queryable } from './pool.ts';
import { isStopped } from './stops.ts';

/** Only the latest calls are measured: the first ones may have reached other people at other hours. */
const CALLS_MEASURED = 500;
/** Contacts that are due within the same part of the whole span count as due together. */
const PARTS = 500;

interface Row {
  readonly spec: CampaignTerms;
  readonly status: RecordedStatus;
  readonly stopped: boolean;
  readonly ending: Ending | null;
  readonly waiting_for: WaitingFor | null;
  readonly waiting_until: Date | null;
  readonly ended_at: Date | null;
  readonly pending: number;
  /** The folder that is not copied yet, and how many contacts were added before. */
  readonly uncopied_folder: string | null;
  readonly added: number;
  readonly groups: readonly (GroupRule & { readonly number: number; readonly pending: number })[];
  readonly placed_day: string | null;
  readonly placed_on_day: number;
  readonly in_flight: ForecastCampaign['inFlight'];
  /** Retries, and first calls with a due time. */
  readonly waiting: (Cohort & { readonly due_at: number; readonly bucket: 'pending' | 'retrying' })[];
  readonly measured: NonNullable<ForecastCampaign['measured']>;
}

export interface RecordedForecastCampaign {
  readonly campaign: ForecastCampaign;
  /** Contacts are called in their own hours, and those of this folder are not copied yet: they are missing in the groups. */
  readonly uncopied: { readonly folderId: string; readonly terms: CampaignTerms } | null;
}

/** Null when the account has no such campaign. */
export async function readForecastCampaign(
  db: Queryable,
  account: string,
  id: string,
  now: number,
): Promise<RecordedForecastCampaign | null> {
  // One statement is one snapshot. The newest called contacts may still be talking, the longest calls among them, so as
  // many as there may be simultaneous calls are excluded. Claimed retries are about to be due; the index gives the span
  // of the others.
  const { rows } = await db.query<Row>(
    `select campaign.spec, campaign.status, campaign.ending, ${isStopped('campaign')} as stopped, campaign.waiting_for, campaign.waiting_until,
            campaign.ended_at, campaign.pending, uncopied.folder as uncopied_folder, uncopied.added, campaign.placed_day::text, campaign.placed_on_day,
            groups.rules as groups, in_flight.cohorts as in_flight, waiting.cohorts as waiting, measured.latest as measured
       from campaigns campaign
       cross join lateral (
         select case when campaign.enrolled_at is null then campaign.folder_id end as folder,
                case when campaign.enrolled_at is null then (select count(*)::integer from campaign_contacts c
                  where c.campaign_id = campaign.id and c.bucket = 'pending' and c.due_at is null) else 0 end as added
       ) uncopied
       cross join lateral (
         select coalesce(jsonb_agg(jsonb_build_object('number', g.group_no, 'zones', g.zones, 'policies', g.policies, 'pending',
                  (select count(*) from campaign_contacts c
                    where c.campaign_id = campaign.id and c.group_no = g.group_no and c.bucket = 'pending' and c.due_at is null))
                  order by g.group_no), '[]') as rules
           from campaign_groups g where g.campaign_id = campaign.id
       ) groups
       cross join lateral (
         select coalesce(jsonb_agg(jsonb_build_object('group', group_no, 'attempt', attempt, 'contacts', contacts)), '[]')
                as cohorts
           from (select group_no, attempt - excused as attempt, count(*) as contacts from campaign_contacts
                  where campaign_id = campaign.id and bucket = 'in_progress' group by 1, 2) as by_attempt
       ) in_flight
       cross join lateral (
         select min(due_at) as first, greatest(coalesce(extract(epoch from max(due_at) - min(due_at)) / $4, 1), 1) as part
           from campaign_contacts
          where campaign_id = campaign.id and bucket in ('pending', 'retrying') and claimed_in_exchange is null and due_at is not null
       ) span
       cross join lateral (
         select coalesce(jsonb_agg(jsonb_build_object('group', group_no, 'attempt', attempt, 'contacts', contacts,
                  'due_at', due_at, 'bucket', bucket)), '[]') as cohorts
           from (select group_no, bucket, attempt - excused as attempt, count(*) as contacts,
                        extract(epoch from max(due_at)) * 1000 as due_at
                   from campaign_contacts
                  where campaign_id = campaign.id and (bucket = 'retrying' or bucket = 'pending' and due_at is not null)
                  group by group_no, bucket, attempt - excused, floor(extract(epoch from due_at - coalesce(span.first, due_at)) / span.part)) as by_time
       ) waiting
       cross join lateral (
         select jsonb_build_object('calls', count(*), 'seconds', coalesce(avg(seconds), 0),
                  'retryShare', coalesce(avg(case when campaign.spec -> 'retry_on' ? outcome then 1 else 0 end), 0)) as latest
           from (select extract(epoch from ended_at - coalesce(accepted_at, first_sent_at)) as seconds, outcome from calls
                  where campaign_id = campaign.id and ended_at is not null and outcome <> 'lost'
                  order by seq desc, attempt desc
                 offset (campaign.spec ->> 'max_concurrent_calls')::integer limit $3) as latest
       ) measured
      where campaign.account = $1 and campaign.id = $2`,
    [account, id, CALLS_MEASURED, PARTS],
  );
  return rows[0] ? forecastCampaign(rows[0], now) : null;
}

function forecastCampaign(row: Row, now: number): RecordedForecastCampaign {
  const folderId = haveOwnHours(groupTerms(row.spec)) ? row.uncopied_folder : null;
  const timed = row.waiting.reduce((sum, { bucket, contacts }) => (bucket === 'pending' ? sum + contacts : sum), 0);
  const groups = groupsOf(row, folderId === null ? row.pending - timed : row.added);
  const indexes = new Map(groups.map(({ number }, index) => [number, index]));
  const indexOf = (number: number): number => indexes.get(number) ?? 0;
  const today = civilDay(dayZoneOf(row.spec), now).date;
  const held = row.waiting_for === 'provider' ? (row.waiting_until?.getTime() ?? null) : null;
  const campaign: ForecastCampaign = {
    now,
    status: row.status,
    stopped: row.stopped,
    ending: row.ending !== null,
    endedAt: row.ended_at?.getTime() ?? null,
    heldUntil: held !== null && held > now ? held : null,
    spec: engineSpec(row.spec),
    groups,
    pending: groups.map(({ pending }) => pending),
    inFlight: row.in_flight.map((cohort) => ({ ...cohort, group: indexOf(cohort.group) })),
    waiting: row.waiting.map(({ due_at, group, attempt, contacts }) => ({
      attempt,
      contacts,
      group: indexOf(group),
      dueAt: due_at,
    })),
    today: { day: today, placed: row.placed_day === today ? row.placed_on_day : 0 },
    measured: row.measured,
  };
  return { campaign, uncopied: folderId === null ? null : { folderId, terms: row.spec } };
}

/** Without groups, every contact has the campaign's own hours. If it has none, all contacts are skipped. */
function groupsOf({ groups, spec }: Row, pending: number): Row['groups'] {
  if (groups.length > 0) return groups;
  return spec.timezone === CONTACT_ZONE ? [] : [{ ...OWN_HOURS, number: 0, pending }];
}
