/**
 * Groups: contacts of a campaign that have the same hours. A campaign whose contacts all have its own hours has one group, number
 * 0. For each group the state contains the recorded window and what still waits in the roster. A claimed contact carries its
 * group, except for 0.
 */
import type { CampaignState, GroupState, ReadyContact } from './campaign-state.ts';
import type { GroupWork } from './roster.ts';

/** A group before its window is recorded. */
export function newGroup(no: number): GroupState {
  return {
    no,
    window: null,
    windowAnsweredAt: null,
    windowSpent: false,
    askWindowAgainAt: null,
    moreToClaim: false,
    nextDueAt: null,
  };
}

/** Undefined: the state does not know it yet. */
export function groupOf({ groups }: CampaignState, { group = 0 }: Pick<ReadyContact, 'group'>): GroupState | undefined {
  // Nearly every campaign has one group.
  return groups[group]?.no === group ? groups[group] : groups.find(({ no }) => no === group);
}

/** Takes over which groups have contacts in the roster. Groups that the state does not know, because people were added, are new. */
export function takeGroups(state: CampaignState, work: readonly GroupWork[]): void {
  for (const { group } of work) if (!groupOf(state, { group })) state.groups.push(newGroup(group));
  state.groups.sort((a, b) => a.no - b.no);
  for (const group of state.groups) {
    const found = work.find((one) => one.group === group.no);
    group.moreToClaim = found?.more ?? false;
    delete group.firstPriority;
    if (found?.first !== undefined) group.firstPriority = found.first;
    group.nextDueAt = found?.dueAt ?? null;
    delete group.nextDueFor;
    if (found?.dueFor !== undefined) group.nextDueFor = found.dueFor;
  }
}

/** Whether a contact waits for a call: claimed, in the roster or in the outbox. */
export function hasWork(state: CampaignState): boolean {
  return state.groups.some(isInRoster) || state.ready.length > 0 || hasOutbox(state);
}

/** The groups in which a contact waits for a call. */
export function groupsWithWork(state: CampaignState): GroupState[] {
  if (state.groups.every(isInRoster)) return state.groups;
  const elsewhere = new Set<number>();
  for (const { group = 0 } of state.ready) elsewhere.add(group);
  for (const { to, group = 0 } of state.settled) if (to === 'retrying') elsewhere.add(group);
  for (const { group = 0 } of state.released) elsewhere.add(group);
  return state.groups.filter((group) => isInRoster(group) || elsewhere.has(group.no));
}

function isInRoster({ moreToClaim, nextDueAt }: GroupState): boolean {
  return moreToClaim || nextDueAt !== null;
}

/** Whether the outbox contains contacts that wait again and that the roster does not offer yet. */
function hasOutbox({ settled, released }: CampaignState): boolean {
  return settled.some(({ to }) => to === 'retrying') || released.length > 0;
}

/** The earliest due time in these groups, and what it is for. Null: no contact of theirs has one. */
export function nextDue(groups: readonly GroupState[]): Pick<GroupState, 'nextDueAt' | 'nextDueFor'> | null {
  let first: GroupState | null = null;
  for (const group of groups) {
    if (group.nextDueAt !== null && group.nextDueAt < (first?.nextDueAt ?? Infinity)) first = group;
  }
  return first;
}

/** The priority of contacts of which none is stated. */
export const USUAL_PRIORITY = 3;

/** The place of a claimed contact in the order of calls: retries and first calls with a due time, then others by priority. */
export function rankOf({ attempt, isDue, priority = USUAL_PRIORITY }: ReadyContact): number {
  return attempt > 1 || isDue === true ? 0 : priority;
}
