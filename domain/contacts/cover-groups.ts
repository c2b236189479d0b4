import type { GroupRule } from '../windows/group-hours.ts';
import { HORIZON_MS } from '../windows/windows.ts';
import { clockBetween } from '../windows/zone-offsets.ts';
import type { MergedGroups } from './merge-groups.ts';

/**
 * Puts groups that are new into ones that a campaign has and that are never open without them: the clocks of their zones are among those of the
 * other. The hours of the rules that it has stay as they are. A rule gets the names of zones that it covers, because a later release of the zone
 * data may give them another clock.
 *
 * @param had how many of the rules, the first ones, the campaign has
 * @param now from when on clocks are compared, as far as a window can be recorded
 * @returns also groups that are open at times at which none of the others is; there may be too many
 */
export function coverGroups(rules: readonly GroupRule[], had: number, now: number): MergedGroups {
  const clockOf = rememberedClocks(now);
  const kept = rules.slice(0, had);
  const indexOf = rules.map((rule, index) => {
    if (index < had) return index;
    const at = covering(kept, rule, clockOf);
    const cover = kept[at];
    if (!cover) return kept.push(rule) - 1;
    kept[at] = { ...cover, zones: [...new Set([...cover.zones, ...rule.zones])].toSorted() };
    return at;
  });
  return { rules: kept, indexOf };
}

function rememberedClocks(now: number): (zone: string) => string {
  const known = new Map<string, string>();
  return (zone) => {
    const clock = known.get(zone) ?? clockBetween(zone, now, now + HORIZON_MS);
    known.set(zone, clock);
    return clock;
  };
}

/**
 * The index of the rule with the fewest clocks and policies beside those of the given one, among equals of the one that lacks the fewest names.
 * -1: there is none.
 */
function covering(
  rules: readonly GroupRule[],
  { zones, policies }: GroupRule,
  clockOf: (zone: string) => string,
): number {
  const clocks = new Set(zones.map(clockOf));
  let best = { index: -1, size: Infinity, lacks: Infinity };
  for (const [index, rule] of rules.entries()) {
    if (!policies.every((name) => rule.policies.includes(name))) continue;
    const its = new Set(rule.zones.map(clockOf));
    if (![...clocks].every((clock) => its.has(clock))) continue;
    const size = its.size + rule.policies.length;
    const lacks = zones.filter((zone) => !rule.zones.includes(zone)).length;
    if (size < best.size || (size === best.size && lacks < best.lacks)) best = { index, size, lacks };
  }
  return best.index;
}
