import { type ContactGroups, NEVER_OPEN, type Whereabouts } from './contact-group.ts';
import { GroupNumbers } from './group-numbers.ts';
import { mergeGroups } from './merge-groups.ts';
import { MOST_GROUPS } from '../engine/campaign-state.ts';
import type { GroupRule } from '../windows/group-hours.ts';

/** The groups of a campaign, and how many contacts wait for their first call in each. */
export interface PendingGroups {
  readonly groups: readonly GroupRule[];
  /** Those that may be called at any time, by group. */
  readonly pending: readonly number[];
  /** Those that are called later. */
  readonly waiting: readonly TimedContacts[];
}

/** Contacts of one group whose first call is not before an instant. */
export interface TimedContacts {
  readonly group: number;
  readonly attempt: 1;
  readonly contacts: number;
  readonly dueAt: number;
}

/** Contacts that are due within the same part of an hour count as due together, at the last of their times. */
export const TIMES_TOGETHER_MS = 15 * 60_000;

export interface PlannedContact extends Whereabouts {
  readonly not_before?: string | Date | null | undefined;
}

/** Counts contacts that no campaign has yet by the groups into which they will come. */
export class GroupCounts {
  readonly #contactGroups: ContactGroups;
  readonly #now: number;
  readonly #numbers = new GroupNumbers();
  readonly #counts: number[] = [];
  #neverOpen = 0;
  /** By group and part of an hour. */
  readonly #timed = new Map<string, TimedContacts>();

  /** @param now decides who may be called at any time, and which groups are merged */
  constructor(contactGroups: ContactGroups, now: number) {
    this.#contactGroups = contactGroups;
    this.#now = now;
  }

  /** A contact that comes into no group will be skipped, and is left out. */
  add(contact: PlannedContact): void {
    const group = this.#contactGroups.groupOf(contact);
    if (group === NEVER_OPEN) this.#neverOpen += 1;
    if (typeof group === 'string') return;
    const dueAt = contact.not_before ? new Date(contact.not_before).getTime() : null;
    if (dueAt === null || dueAt <= this.#now) this.addToGroup(group, 1);
    else this.#addTimed(this.#numbers.numberOf(group), dueAt);
  }

  /** How many contacts were left out because a policy leaves nothing of their calling hours. */
  get neverOpen(): number {
    return this.#neverOpen;
  }

  addToGroup(rule: GroupRule, contacts: number): void {
    const number = this.#numbers.numberOf(rule);
    this.#counts[number] = (this.#counts[number] ?? 0) + contacts;
  }

  #addTimed(group: number, dueAt: number): void {
    const key = `${group} ${Math.floor(dueAt / TIMES_TOGETHER_MS)}`;
    const before = this.#timed.get(key);
    this.#timed.set(key, {
      group,
      attempt: 1,
      contacts: (before?.contacts ?? 0) + 1,
      dueAt: Math.max(dueAt, before?.dueAt ?? dueAt),
    });
  }

  /** No more groups than a campaign may have. */
  pendingGroups(): PendingGroups {
    const { rules } = this.#numbers;
    const timed = [...this.#timed.values()];
    if (rules.length <= MOST_GROUPS) {
      return { groups: rules, pending: rules.map((_, number) => this.#counts[number] ?? 0), waiting: timed };
    }
    const merged = mergeGroups(rules, MOST_GROUPS, this.#now, (rule) => this.#contactGroups.isEverOpen(rule));
    const indexOf = (number: number): number => merged.indexOf[number] ?? 0;
    const pending = merged.rules.map(() => 0);
    for (const [number, contacts = 0] of this.#counts.entries()) {
      const index = indexOf(number);
      pending[index] = (pending[index] ?? 0) + contacts;
    }
    return { groups: merged.rules, pending, waiting: timed.map((one) => ({ ...one, group: indexOf(one.group) })) };
  }
}
