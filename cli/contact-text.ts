/** One campaign's contacts in words, for people. */
import type { CampaignContactResponse } from '../domain/api/campaign-responses.ts';
import type { ContactExplanation, ContactHours } from '../domain/api/contact-explanation.ts';
import type { Gate } from '../domain/api/contact-gate.ts';
import { type Listed, noneText, restText } from './lists.ts';
import { lines, table } from './output.ts';

const HELD_BY: Readonly<Record<Gate, string>> = {
  stopped: 'an administrator has stopped the calls of the campaign',
  start: "the campaign's start is in the future",
  window: 'it is outside the calling hours',
  daily_cap: "the day's calls are used up",
  account: "the account's calls of the day, or its calls in flight, are used up",
  slot: 'the contacts before it are called first',
  number: 'the number has had its calls',
  retry: 'the retry is not due yet',
  not_before: 'it is called at a later time, which was asked for',
  provider: 'the provider has trouble, or asked for a pause',
  connection: "the connection's calls per second, or the campaign's share of its calls in flight, are in use",
  paused: 'the campaign is paused',
  interrupted: 'the campaign is interrupted and waits for a restart',
  suppressed: 'the number is on the suppression list',
  country_not_allowed: 'the connection allows no calls to the country of the number',
  number_type_not_allowed: 'the connection allows no calls to numbers of this kind',
  ending: 'the campaign is ending',
};

export function contactsText({
  contacts,
  ...rest
}: Listed<unknown>['rest'] & { readonly contacts: readonly CampaignContactResponse[] }): string[] {
  if (contacts.length === 0) return noneText('contacts', rest);
  const rows = contacts.map(({ contact_id, call_status, reason, attempt, phone_number }) => [
    contact_id,
    call_status,
    reason ?? '-',
    `${attempt}`,
    phone_number,
  ]);
  return [...table(['Id', 'Status', 'Reason', 'Attempt', 'Number'], rows), ...restText(rows.length, rest)];
}

export function explanationText(contact: ContactExplanation): string[] {
  const { gate, attempts } = contact;
  const told = lines([
    ['contact', contact.contact_id],
    ['number', contact.phone_number],
    ['status', contact.reason === null ? contact.call_status : `${contact.call_status} (${contact.reason})`],
    ['campaign', contact.campaign_status],
    ['held by', gate === null ? heldByNothing(contact.call_status) : `${gate}: ${HELD_BY[gate]}`],
    ...(contact.number_limit === null ? [] : [['limit', `${contact.number_limit} to this number`] as const]),
    ['not before', contact.next_eligible_at ?? '-'],
    ...(contact.hours === null ? [] : [['hours', hoursText(contact.hours)] as const]),
    ['as of', contact.as_of],
  ]);
  if (attempts.length === 0) return [...told, '', 'The contact was not called yet.'];
  const rows = attempts.map((call) => [
    `${call.attempt}`,
    call.first_sent_at ?? '-',
    callResult(call),
    call.ended_at ?? '-',
    call.call_id,
  ]);
  return [...told, '', ...table(['Attempt', 'Sent', 'Outcome', 'Ended', 'Call'], rows)];
}

const SAID_BY: Readonly<Record<ContactHours['from'], string>> = {
  campaign: "the campaign's time zone",
  contact: "the contact's time zone",
  region: "by the contact's region and number",
  number: 'by the number',
  unknown_zone: "the campaign's unknown_zone",
};

function hoursText({ timezones, from, policies }: ContactHours): string {
  const narrowed = policies.map(({ name, version }) => `${name} (${version})`).join(', ');
  return `${timezones.join(', ')}: ${SAID_BY[from]}${narrowed === '' ? '' : `, under ${narrowed}`}`;
}

function heldByNothing(status: string): string {
  return status === 'in_progress' ? 'nothing: the contact is being called' : 'nothing: the contact is over';
}

function callResult(call: ContactExplanation['attempts'][number]): string {
  if (call.not_placed_reason !== null) return `not placed: ${call.not_placed_reason}`;
  if (call.account_fault !== null) return `did not take place: ${call.account_fault}`;
  if (call.outcome !== null) return call.outcome;
  return call.provider_call_id === null ? 'not known yet' : 'live';
}
