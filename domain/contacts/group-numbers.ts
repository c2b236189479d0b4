import type { GroupRule } from '../windows/group-hours.ts';

/** Numbers groups from 0, in the order in which their rules come. */
export class GroupNumbers {
  /** By number. */
  readonly rules: GroupRule[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(rule: GroupRule): number {
    const key = JSON.stringify([rule.zones, rule.policies]);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.rules.push(rule) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }
}
