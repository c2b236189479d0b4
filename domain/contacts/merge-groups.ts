/**
 * Reduces the number of groups. Two groups become one that is open only while both would be, so nobody is called at a time at
 * which they would not have been. Zones with the same clock are merged first, which costs nothing.
 */
import type { GroupRule } from '../windows/group-hours.ts';
import { offsetAt } from '../windows/zone-offsets.ts';
import { GroupNumbers } from './group-numbers.ts';

const HALF_A_YEAR_MS = 183 * 24 * 3_600_000;

export interface MergedGroups {
  readonly rules: readonly GroupRule[];
  /** The index of the merged rule for each given one. */
  readonly indexOf: readonly number[];
}

interface Cluster {
  readonly rule: GroupRule;
  readonly members: readonly number[];
  /** The lowest and the highest offset of its zones now and in half a year. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * Merges the neighbours whose merger restricts them least: among groups with the same policies, and if that is not enough, among
 * all. Neighbours that would never be open at the same time stay apart as long as others can be merged.
 *
 * @param now decides which zones have the same clock
 * @param most how many groups there may be
 * @param isEverOpen whether a group with this rule is open at some time
 */
export function mergeGroups(
  rules: readonly GroupRule[],
  most: number,
  now: number,
  isEverOpen: (rule: GroupRule) => boolean,
): MergedGroups {
  const clusters = rules.map((rule, index): Cluster => {
    // The campaign's own zone narrows every group.
    const zones = rule.zones.length > 0 ? rule.zones : ['UTC'];
    const offsets = [now, now + HALF_A_YEAR_MS].map((at) => zones.map((zone) => offsetAt(zone, at)));
    const low = offsets.map((values) => Math.min(...values));
    return { rule, members: [index], low, high: offsets.map((values) => Math.max(...values)) };
  });
  const haveCommonHours = (left: Cluster, right: Cluster): boolean =>
    costOf(left, right) === 0 ||
    isEverOpen(merged(left, right).rule) ||
    !isEverOpen(left.rule) ||
    !isEverOpen(right.rule);
  clusters.sort((a, b) => byPolicies(a, b) || byOffset(a, b));
  reduce(clusters, most, (left, right) => byPolicies(left, right) === 0 && haveCommonHours(left, right));
  clusters.sort((a, b) => byOffset(a, b) || byPolicies(a, b));
  reduce(clusters, most, haveCommonHours);
  reduce(clusters, most, () => true);
  // Different mergers may have the same result.
  const numbers = new GroupNumbers();
  const indexOf: number[] = [];
  for (const { rule, members } of clusters) {
    const number = numbers.numberOf(rule);
    for (const member of members) indexOf[member] = number;
  }
  return { rules: numbers.rules, indexOf };
}

/** Merges neighbours that may be merged, those whose merger restricts them least first. */
function reduce(clusters: Cluster[], most: number, mayMerge: (left: Cluster, right: Cluster) => boolean): void {
  // The cost of merging each cluster with the next one. Infinity: they may not be merged.
  const costs = clusters.map((_, index) => costOfNext(clusters, index));
  while (clusters.length > most) {
    const least = Math.min(...costs);
    if (least === Infinity) return;
    const at = costs.indexOf(least);
    const [left, right] = clusters.slice(at, at + 2);
    if (!left || !right) return;
    if (!mayMerge(left, right)) {
      costs[at] = Infinity;
      continue;
    }
    clusters.splice(at, 2, merged(left, right));
    costs.splice(at, 2, costOfNext(clusters, at));
    if (at > 0) costs[at - 1] = costOfNext(clusters, at - 1);
  }
}

function costOfNext(clusters: readonly Cluster[], index: number): number {
  const [left, right] = clusters.slice(index, index + 2);
  return left && right ? costOf(left, right) : Infinity;
}

/** Hours of difference that the merged group has more than its parts. */
function costOf(left: Cluster, right: Cluster): number {
  const both = merged(left, right);
  return 2 * spread(both) - spread(left) - spread(right);
}

function spread({ low, high }: Cluster): number {
  return Math.max(...high.map((value, index) => value - (low[index] ?? value)));
}

function merged(left: Cluster, right: Cluster): Cluster {
  return {
    rule: {
      zones: union(left.rule.zones, right.rule.zones),
      policies: union(left.rule.policies, right.rule.policies),
    },
    members: [...left.members, ...right.members],
    low: left.low.map((value, index) => Math.min(value, right.low[index] ?? value)),
    high: left.high.map((value, index) => Math.max(value, right.high[index] ?? value)),
  };
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].toSorted();
}

function byPolicies(a: Cluster, b: Cluster): number {
  return compare(a.rule.policies.join(), b.rule.policies.join());
}

function byOffset(a: Cluster, b: Cluster): number {
  for (const [index, low] of a.low.entries()) {
    const difference = low - (b.low[index] ?? low) || (a.high[index] ?? 0) - (b.high[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return compare(a.rule.zones.join(), b.rule.zones.join());
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
