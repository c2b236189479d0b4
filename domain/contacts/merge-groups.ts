/**
 * Reduces the number of groups. Two groups become one that is open only while both would be, so nobody is called at a time at
 * which they would not have been. Zones with the same clock are merged first, which costs nothing.
 */
import type { GroupRule } from '../windows/group-hours.ts';
import { offsetAt } from '../windows/zone-offsets.ts';

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
 * @param now decides which zones have the same clock
 * @param most how many groups there may be
 */
export function mergeGroups(rules: readonly GroupRule[], most: number, now: number): MergedGroups {
  const clusters = rules.map((rule, index): Cluster => {
    // The campaign's own zone narrows every group.
    const zones = rule.zones.length > 0 ? rule.zones : ['UTC'];
    const offsets = [now, now + HALF_A_YEAR_MS].map((at) => zones.map((zone) => offsetAt(zone, at)));
    const low = offsets.map((values) => Math.min(...values));
    return { rule, members: [index], low, high: offsets.map((values) => Math.max(...values)) };
  });
  clusters.sort((a, b) => compare(a.rule.policies.join(), b.rule.policies.join()) || byOffset(a, b));
  while (clusters.length > most) {
    const at = cheapest(clusters);
    const [left, right] = clusters.slice(at, at + 2);
    if (left && right) clusters.splice(at, 2, merged(left, right));
  }
  const indexOf: number[] = [];
  for (const [index, { members }] of clusters.entries()) for (const member of members) indexOf[member] = index;
  return { rules: clusters.map(({ rule }) => rule), indexOf };
}

/** The first of the two neighbours whose merger restricts them least. */
function cheapest(clusters: readonly Cluster[]): number {
  let best = 0;
  let least = Infinity;
  for (let index = 0; index + 1 < clusters.length; index++) {
    const [left, right] = clusters.slice(index, index + 2);
    if (!left || !right) continue;
    const cost = costOf(left, right);
    if (cost < least) {
      least = cost;
      best = index;
    }
  }
  return best;
}

/** Hours of difference that the merged group has more than its parts, and a large sum where it gets other policies. */
function costOf(left: Cluster, right: Cluster): number {
  const both = merged(left, right);
  const others = left.rule.policies.join() === right.rule.policies.join() ? 0 : 1e12;
  return others + 2 * spread(both) - spread(left) - spread(right);
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
