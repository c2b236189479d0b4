/** What the operators know of the people of a campaign: who is in it, their zone, their times, and who was taken out. */
import type { People } from '../campaigns.ts';
import type { CampaignNotes } from '../notes.ts';
import { isOpenAt } from '../wall-clock.ts';
import type { CampaignEvidence } from './evidence.ts';
import { clock, type Finding } from './finding.ts';
import type { Terms } from './terms.ts';

type Person = People[number];
type Known = Pick<CampaignNotes, 'body' | 'additions'>;

/** Those who are in the campaign for sure, by number. */
export function certainPeople({ body, additions }: Known): Map<string, Person> {
  const added = additions.filter(({ taken }) => taken === 'yes').flatMap(({ people }) => people);
  return byNumber([...(body.contacts ?? []), ...added]);
}

/** Also those who were added by a request that was never answered. */
export function possiblePeople({ body, additions }: Known): Map<string, Person> {
  const added = additions.filter(({ taken }) => taken !== 'no').flatMap(({ people }) => people);
  return byNumber([...(body.contacts ?? []), ...added]);
}

/** Who is named twice is in it as they were named first. */
function byNumber(people: People): Map<string, Person> {
  return new Map(people.toReversed().map((person) => [person.phone_number, person]));
}

/** Whether a person may be called at an instant: in their own zone where the campaign's hours are those of its people. */
export function isOpenFor(terms: Terms, person: Pick<Person, 'timezone'> | undefined, at: number): boolean {
  return isOpenAt({ ...terms, timezone: zoneFor(terms, person) }, at);
}

/** Without a recorded time zone of the person, it is UTC. */
function zoneFor({ timezone }: Terms, person: Pick<Person, 'timezone'> | undefined): string {
  return timezone === 'contact' ? (person?.timezone ?? 'UTC') : timezone;
}

/** P3: nobody is called before the time that was asked for them, be it on their row or in a later request. */
export function* calledBeforeTime({ notes, accepted }: CampaignEvidence): Generator<Finding> {
  const people = possiblePeople(notes);
  for (const { key, phone_number, accepted_at: at } of accepted) {
    const time = notBefore(notes, people.get(phone_number), phone_number, at);
    if (at >= time) continue;
    yield {
      promise: 'P3',
      at,
      text: `${key} accepted at ${clock(at)}, before its time of ${new Date(time).toISOString()}`,
    };
  }
}

/** The earliest of the times that may hold at an instant. A request without an answer may be taken at any time from then on. */
function notBefore({ callbacks }: CampaignNotes, person: Person | undefined, number: string, at: number): number {
  let possible = [person?.not_before == null ? -Infinity : Date.parse(person.not_before)];
  const adrift: number[] = [];
  for (const { phoneNumber, callAt, sentAt, answeredAt, taken } of callbacks) {
    if (phoneNumber !== number || taken === 'no' || sentAt > at) continue;
    const sure = taken === 'yes' && answeredAt < at;
    if (!sure) adrift.push(callAt);
    possible = sure ? [callAt, ...adrift] : [...possible, callAt];
  }
  return Math.min(...possible);
}

/** Whether the next call of this person was moved by a request before an instant, or may have been. */
export function wasMoved({ callbacks }: CampaignNotes, number: string, at: number): boolean {
  return callbacks.some(({ phoneNumber, sentAt, taken }) => phoneNumber === number && taken !== 'no' && sentAt < at);
}

/** P9: once somebody is taken out, which the answer says, they are not called any more. */
export function* calledThoughRemoved({ notes, accepted }: CampaignEvidence): Generator<Finding> {
  for (const { phoneNumber, answeredAt, taken } of notes.removals) {
    if (taken !== 'yes') continue;
    for (const { key, phone_number, accepted_at: at } of accepted) {
      if (phone_number !== phoneNumber || at <= answeredAt) continue;
      yield {
        promise: 'P9',
        at,
        text: `${key} accepted at ${clock(at)}; its contact was taken out at ${clock(answeredAt)}`,
      };
    }
  }
}

/** P9: who was taken out stands as taken out, and nobody else does. */
export function* wronglyRemoved({ notes, contacts }: CampaignEvidence): Generator<Finding> {
  const removals = new Map<string, boolean>();
  for (const { contactId, taken } of notes.removals) {
    if (taken !== 'no') removals.set(contactId, taken === 'yes' || removals.get(contactId) === true);
  }
  for (const { contact_id, seq, bucket, reason } of contacts) {
    const isRemoved = bucket === 'skipped' && reason === 'removed';
    const stands = `contact ${seq} of ${notes.id} is "${bucket}" for "${reason}"`;
    if (removals.get(contact_id) === true && !isRemoved) {
      yield { promise: 'P9', text: `${stands}, and its removal was answered` };
    }
    if (isRemoved && !removals.has(contact_id)) yield { promise: 'P9', text: `${stands}, and nobody has asked for it` };
  }
}
