/** The group of a contact: what decides the hours in which that person is called. */
import { CONTACT_ZONE } from '../engine/schedule-fields.ts';
import { type GroupRule, groupWindowAt, OWN_HOURS } from '../windows/group-hours.ts';
import { appliesTo } from '../windows/policies/narrow.ts';
import type { Policy } from '../windows/policies/policy.ts';
import type { Schedule } from '../windows/schedule.ts';
import { placeOfRegion } from './contact-place.ts';
import { type NumberPlace, placeOf } from './number-place.ts';
import { zonesOfRegion } from './region-zones.ts';

/** The terms of a campaign that decide on groups. */
export interface GroupTerms {
  readonly schedule: Schedule;
  /** The campaign's policies. */
  readonly policies: readonly Policy[];
  /** The zone of contacts whose zone is not known. Null: they are skipped. */
  readonly unknownZone: string | null;
}

/** What is known of where a contact is. */
export interface Whereabouts {
  readonly phone_number: string;
  readonly timezone: string | null;
  /** A country, or a state of it, where the person is. Default: that of the number. */
  readonly region?: string | null | undefined;
}

/** Whether contacts have other hours than the campaign, so that groups are needed. */
export function haveOwnHours({ schedule, policies }: Pick<GroupTerms, 'schedule' | 'policies'>): boolean {
  return schedule.timezone === CONTACT_ZONE || policies.some(narrowsHours);
}

/** Why a contact comes into no group, and is skipped: nobody knows its time zone. */
export const UNKNOWN_ZONE = 'unknown_zone';
/** Likewise: the calling hours and the policies of its place are never open at the same time. */
export const NEVER_OPEN = 'never_open';
export type OutsideGroups = typeof UNKNOWN_ZONE | typeof NEVER_OPEN;

/** A zone, and where it comes from. */
export interface ContactZones {
  /** All of them must be open. Empty: none is known, or they are never open at the same time. */
  readonly zones: readonly string[];
  readonly from: 'contact' | 'region' | 'number' | 'unknown_zone';
}

/** Assigns contacts to groups. Places of numbers are remembered by prefix: a large campaign has few. */
export class ContactGroups {
  readonly #terms: GroupTerms;
  readonly #now: number;
  readonly #places = new Map<string, NumberPlace>();
  readonly #everOpen = new Map<string, boolean>();

  /** @param now the clock, from which a common opening of several zones is looked for */
  constructor(terms: GroupTerms, now: number) {
    this.#terms = terms;
    this.#now = now;
  }

  /** Whether every contact is called in its own zones. */
  get haveOwnZones(): boolean {
    return this.#terms.schedule.timezone === CONTACT_ZONE;
  }

  /** The rule of the contact's group, or why it comes into none. */
  groupOf(contact: Whereabouts): GroupRule | OutsideGroups {
    const rule = this.ruleOf(contact);
    if (rule === null) return UNKNOWN_ZONE;
    return rule.policies.length === 0 || this.isEverOpen(rule) ? rule : NEVER_OPEN;
  }

  /** What decides the contact's hours, which may never be open. Null: no zone is known. */
  ruleOf(contact: Whereabouts): GroupRule | null {
    const policies = this.policiesOf(contact);
    if (!this.haveOwnZones && policies.length === 0) return OWN_HOURS;
    const { zones } = this.zonesOf(contact);
    if (zones.length === 0) return null;
    return { zones, policies: namesOf(policies) };
  }

  /** The contact's zone or, if none is stated, those in which the person may be by number and region. */
  zonesOf(contact: Whereabouts): ContactZones {
    if (contact.timezone !== null) return { zones: [contact.timezone], from: 'contact' };
    const place = this.#placeOf(contact.phone_number);
    const ofRegion = contact.region ? zonesOfRegion(contact.region, place) : null;
    const zones = (ofRegion === null ? place.zones : zonesOfBoth(place, ofRegion)).toSorted();
    if (zones.length > 0 && this.#areOpenAtOnce(zones, contact)) {
      return { zones, from: ofRegion === null ? 'number' : 'region' };
    }
    const { unknownZone } = this.#terms;
    return { zones: unknownZone === null ? [] : [unknownZone], from: 'unknown_zone' };
  }

  /** The campaign's policies that narrow the hours where the contact is, or may be. */
  policiesOf(contact: Whereabouts): Policy[] {
    const { policies } = this.#terms;
    if (!policies.some(narrowsHours)) return [];
    const place = contact.region ? placeOfRegion(contact.region) : this.#placeOf(contact.phone_number);
    return policies.filter((policy) => narrowsHours(policy) && appliesTo(policy, place));
  }

  #placeOf(number: string): NumberPlace {
    const prefix = prefixOf(number);
    if (prefix === null) return placeOf(number);
    let place = this.#places.get(prefix);
    if (!place) {
      place = placeOf(number);
      this.#places.set(prefix, place);
    }
    return place;
  }

  /** Opposite sides of the earth may have no common hours, and a policy may leave none to neighbours. */
  #areOpenAtOnce(zones: readonly string[], contact: Whereabouts): boolean {
    if (zones.length === 1) return true;
    const policies = this.policiesOf(contact);
    return (!this.haveOwnZones && policies.length === 0) || this.isEverOpen({ zones, policies: namesOf(policies) });
  }

  /** Whether a group with this rule is open at some time. */
  isEverOpen({ zones, policies }: GroupRule): boolean {
    const key = [...zones, ...policies].join(' ');
    let open = this.#everOpen.get(key);
    if (open === undefined) {
      const narrowing = this.#terms.policies.filter(({ name }) => policies.includes(name));
      open = groupWindowAt(this.#terms.schedule, { zones }, narrowing, this.#now) !== null;
      this.#everOpen.set(key, open);
    }
    return open;
  }
}

/**
 * The zones that the number and the region of a contact have in common. Where they have none, nobody can tell which of the two is right,
 * and it must be neither night by the one nor by the other. Nor does a number of another state tell where in its own state a person is.
 */
function zonesOfBoth({ zones: ofNumber, states }: NumberPlace, ofRegion: readonly string[]): readonly string[] {
  const common = states.length === 0 ? ofNumber.filter((zone) => ofRegion.includes(zone)) : [];
  return common.length > 0 ? common : [...new Set([...ofNumber, ...ofRegion])];
}

function namesOf(policies: readonly Policy[]): string[] {
  return policies.map(({ name }) => name);
}

function narrowsHours({ hours, holidays }: Policy): boolean {
  return hours !== null || holidays !== null;
}

/** Digits of a number of the North American plan that say where it is: country code, area code, exchange. */
const NORTH_AMERICAN = '+1'.length + 6;

/** Numbers with the same prefix belong to the same place. Null: not of the North American plan, where no prefix says so. */
function prefixOf(number: string): string | null {
  return number.startsWith('+1') && number.length === NORTH_AMERICAN + 4 ? number.slice(0, NORTH_AMERICAN) : null;
}
