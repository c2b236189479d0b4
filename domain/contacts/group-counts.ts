import type { ContactGroups, Whereabouts } from './contact-group.ts';
import { GroupNumbers } from './group-numbers.ts';
import { mergeGroups } from './merge-groups.ts';
import { MOST_GROUPS } from '../engine/campaign-state.ts';
import type { GroupRule } from '../windows/group-hours.ts';

/** The groups of a campaign, and how many contacts wait for their first call in each. */
export interface PendingGroups {
  readonly groups: readonly GroupRule[];
  readonly pending: readonly number[];
}

/** Counts contacts that no campaign has yet by the groups into which they will come. */
export class GroupCounts {
  readonly #contactGroups: ContactGroups;
  readonly #numbers = new GroupNumbers();
  readonly #counts: number[] = [];

  constructor(contactGroups: ContactGroups) {
    this.#contactGroups = contactGroups;
  }

  /** A contact that comes into no group will be skipped, and is left out. */
  add(contact: Whereabouts): void {
    const group = this.#contactGroups.groupOf(contact);
    if (typeof group !== 'string') this.addToGroup(group, 1);
  }

  addToGroup(rule: GroupRule, contacts: number): void {
    const number = this.#numbers.numberOf(rule);
    this.#counts[number] = (this.#counts[number] ?? 0) + contacts;
  }

  /**
   * No more groups than a campaign may have.
   *
   * @param now decides which groups are merged
   */
  pendingGroups(now: number): PendingGroups {
    const { rules } = this.#numbers;
    if (rules.length <= MOST_GROUPS) return { groups: rules, pending: this.#counts };
    const merged = mergeGroups(rules, MOST_GROUPS, now, (rule) => this.#contactGroups.isEverOpen(rule));
    const pending = merged.rules.map(() => 0);
    for (const [number, contacts] of this.#counts.entries()) {
      const index = merged.indexOf[number] ?? 0;
      pending[index] = (pending[index] ?? 0) + contacts;
    }
    return { groups: merged.rules, pending };
  }
}
