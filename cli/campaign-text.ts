/** Campaigns in words, for people. Machines are given JSON. */
import type { Campaign, ProviderTrouble, RestartResponse } from '../domain/api/campaign-responses.ts';
import { failureInWords } from '../domain/api/failed-start.ts';
import { reasonInWords } from '../domain/api/interruption.ts';
import { counted } from '../domain/engine/counted.ts';
import { hoursInWords } from '../domain/engine/hours-text.ts';
import { BUCKETS } from '../domain/engine/tally.ts';
import type {
  CancelAcknowledgement,
  EditAcknowledgement,
  PauseAcknowledgement,
  ResumeAcknowledgement,
} from '../domain/engine/answers.ts';
import { type Listed, noneText, restText } from './lists.ts';
import { lines, table } from './output.ts';

export function campaignText(campaign: Campaign): string[] {
  return lines([
    ['id', campaign.id],
    ['name', campaign.name],
    ['status', statusText(campaign)],
    ['waiting for', waitingText(campaign)],
    ...(campaign.provider_trouble === null
      ? []
      : [['trouble', troubleText(campaign.provider_trouble)] satisfies [string, string]]),
    ...(campaign.open_ended
      ? [
          ['open-ended', waitsForContacts(campaign) ? 'waits for contacts to be added' : 'yes'] satisfies [
            string,
            string,
          ],
        ]
      : []),
    ['contacts', `${campaign.total_contacts}: ${BUCKETS.map((bucket) => `${campaign[bucket]} ${bucket}`).join(', ')}`],
    ['placed today', `${campaign.placed_today} of ${campaign.max_calls_per_day ?? 'any number'}`],
    ['at a time', `at most ${campaign.max_concurrent_calls}`],
    ['hours', hoursInWords(campaign)],
    ...(campaign.group_count === null
      ? []
      : [['groups', `${campaign.group_count}, each with its own hours`] satisfies [string, string]]),
    ...(campaign.policy.length === 0 ? [] : [['policies', campaign.policy.join(', ')] satisfies [string, string]]),
    ['agent', campaign.agent_id],
    ['created', campaign.created_at],
    ['as of', campaign.as_of],
  ]);
}

/** Whether an open-ended campaign has called everybody. */
function waitsForContacts({ open_ended, status, pending, in_progress, retrying }: Campaign): boolean {
  return open_ended && status === 'active' && pending + in_progress + retrying === 0;
}

/** Where a campaign stands, in one line. */
export function progressText(campaign: Campaign): string {
  const { total_contacts: total, completed, failed, skipped, in_progress, retrying } = campaign;
  const cap = campaign.max_calls_per_day === null ? '' : ` of ${campaign.max_calls_per_day}`;
  return [
    campaign.waiting_for === null ? statusText(campaign) : `${campaign.status}, waits for ${waitingText(campaign)}`,
    `${completed + failed + skipped}/${total} done`,
    `${completed} completed, ${failed} failed, ${skipped} skipped`,
    `${in_progress} in progress, ${retrying} retrying`,
    `${campaign.placed_today}${cap} today`,
  ].join(' | ');
}

export function listText({
  campaigns,
  ...rest
}: Listed<unknown>['rest'] & { readonly campaigns: readonly Campaign[] }): string[] {
  if (campaigns.length === 0) return noneText('campaigns', rest);
  const rows = campaigns.map((campaign) => [
    campaign.id,
    campaign.status,
    waitingText(campaign),
    `${campaign.completed + campaign.failed + campaign.skipped}/${campaign.total_contacts}`,
    campaign.name,
  ]);
  return [...table(['Id', 'Status', 'Waiting for', 'Done', 'Name'], rows), ...restText(rows.length, rest)];
}

export function pauseText({ paused_at, live, unknown }: PauseAcknowledgement): string[] {
  return [
    `Paused since ${paused_at}. Nothing is being placed.`,
    ...(live.length === 0 ? [] : [`Live until they end: ${live.join(', ')}`]),
    ...(unknown.length === 0 ? [] : [`May be live: ${unknown.join(', ')}`]),
  ];
}

export function resumeText({ status, resumed_at }: ResumeAcknowledgement): string[] {
  return [`Resumed at ${resumed_at}; the campaign is ${status}.`];
}

export function restartText({ status, restarted_at }: RestartResponse): string[] {
  return [`Restarted at ${restarted_at}; the campaign is ${status} and continues from its records.`];
}

export function cancelText({ cancel_requested_at }: CancelAcknowledgement): string[] {
  return [`Cancelled at ${cancel_requested_at}. Live calls run to their end; all other contacts are skipped.`];
}

export function editText({ edited_at, status, ...waiting }: EditAcknowledgement): string[] {
  const waits = waiting.waiting_for === null ? '' : ` and waits for: ${waitingText(waiting)}`;
  return [`Changed at ${edited_at}; the campaign is ${status}${waits}.`];
}

function troubleText({ reason, since, times, scope }: ProviderTrouble): string {
  const where = scope === 'connection' ? ' on the whole connection' : '';
  return `the provider: ${reason}${where}, ${counted(times, 'time')} since ${since}`;
}

/** An interrupted campaign waits for somebody to restart it, and says why; one that could not be started says why not. */
function statusText({ status, interrupted, failure }: Campaign): string {
  if (failure !== null) return `${status}: ${failureInWords(failure)}`;
  return interrupted === null ? status : `${status} (${reasonInWords(interrupted)})`;
}

export function waitingText({
  waiting_for,
  until,
  provider_trouble: trouble,
}: Pick<Campaign, 'waiting_for' | 'until'> & Partial<Pick<Campaign, 'provider_trouble'>>): string {
  if (waiting_for === null) return '-';
  const gate = waiting_for === 'provider' && trouble ? `provider (${trouble.reason})` : waiting_for;
  return until === null ? gate : `${gate} until ${until}`;
}
