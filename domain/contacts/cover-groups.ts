import type { GroupRule } from '../windows/group-hours.ts';
import type { MergedGroups } from './merge-groups.ts';

/**
 * Puts groups that are new into ones that a campaign has and that are never open without them. The rules that it has stay as they are.
 *
 * @param had how many of the rules, the first ones, the campaign has
 * @param most how many groups there may be
 * @returns null: too many are open at times at which none of the others is
 */
export function coverGroups(rules: readonly GroupRule[], had: number, most: number): MergedGroups | null {
  const kept = rules.slice(0, had);
  const indexOf = rules.map((rule, index) => (index < had ? index : covering(kept, rule)));
  for (const [index, rule] of rules.entries()) if (indexOf[index] === -1) indexOf[index] = kept.push(rule) - 1;
  return kept.length > most ? null : { rules: kept, indexOf };
}

/** The index of the rule with the fewest zones and policies beside those of the given one. -1: there is none. */
function covering(rules: readonly GroupRule[], { zones, policies }: GroupRule): number {
  let best = -1;
  let fewest = Infinity;
  for (const [index, rule] of rules.entries()) {
    const covers =
      zones.every((zone) => rule.zones.includes(zone)) && policies.every((name) => rule.policies.includes(name));
    const size = rule.zones.length + rule.policies.length;
    if (!covers || size >= fewest) continue;
    best = index;
    fewest = size;
  }
  return best;
}
