import { draw } from './draw.ts';
import { isRequestFault, type CallFault, type EventName, type FaultPlan, type FaultRule } from './faults.ts';
import type { Outage, Poses, RequestFault } from './faults.ts';

/** One request as the rules see it. */
export interface Matchable {
  readonly on: FaultRule['match']['on'];
  readonly key: string | null;
  readonly phoneNumber: string | null;
}

/** The faults in store for one request: its own at once, those of the call only if one is accepted. */
export interface DueFaults {
  readonly request: readonly RequestFault[];
  /** Spends the rules, so it is asked once per accepted call. */
  takeCallFaults(): readonly CallFault[];
}

/** A rule at work, and how often it has applied. */
interface ActiveRule<F> {
  readonly fault: F;
  readonly rule: FaultRule;
  readonly index: number;
  readonly key: RegExp | null;
  spent: number;
}

/** A request with its number among those of its kind, and among the tries of its key. */
interface Counted extends Matchable {
  readonly nth: number;
  readonly attempt: number;
}

/** A fault plan at work. */
export class ActiveFaultPlan {
  readonly poses: Poses;
  readonly #outages: readonly Outage[];
  readonly #requestRules: ActiveRule<RequestFault>[] = [];
  readonly #callRules: ActiveRule<CallFault>[] = [];
  readonly #requests = { place: 0, get: 0, list: 0, cancel: 0 };
  readonly #attempts = new Map<string, number>();

  constructor(
    plan: FaultPlan,
    readonly seed: string,
    readonly startedAt: number,
  ) {
    this.poses = plan.poses;
    this.#outages = plan.outages;
    for (const [index, rule] of plan.rules.entries()) {
      const { fault } = rule;
      const key = rule.match.key === undefined ? null : new RegExp(rule.match.key);
      if (isRequestFault(fault)) this.#requestRules.push({ fault, rule, index, key, spent: 0 });
      else this.#callRules.push({ fault, rule, index, key, spent: 0 });
    }
  }

  outageAt(now: number): Outage['how'] | null {
    const at = now - this.startedAt;
    const outage = this.#outages.find(({ from_ms, to_ms }) => at >= from_ms && (to_ms === undefined || at < to_ms));
    return outage?.how ?? null;
  }

  faultsFor(request: Matchable): DueFaults {
    const counted = this.#count(request);
    return {
      request: this.#take(this.#requestRules, counted),
      takeCallFaults: () => this.#take(this.#callRules, counted),
    };
  }

  #count(request: Matchable): Counted {
    this.#requests[request.on] += 1;
    const nth = this.#requests[request.on];
    if (request.key === null) return { ...request, nth, attempt: 1 };
    const attempt = (this.#attempts.get(request.key) ?? 0) + 1;
    this.#attempts.set(request.key, attempt);
    return { ...request, nth, attempt };
  }

  #take<F>(rules: readonly ActiveRule<F>[], request: Counted): F[] {
    return rules.flatMap((active) => {
      if (!this.#applies(active, request)) return [];
      active.spent += 1;
      return [active.fault];
    });
  }

  #applies({ rule, index, key, spent }: ActiveRule<unknown>, request: Counted): boolean {
    const { match, probability, times } = rule;
    if (match.on !== request.on || spent >= (times ?? Number.POSITIVE_INFINITY)) return false;
    if (key !== null && !key.test(request.key ?? '')) return false;
    if (match.phone_suffix !== undefined && request.phoneNumber?.endsWith(match.phone_suffix) !== true) return false;
    if (match.nth !== undefined && ![match.nth].flat().includes(request.nth)) return false;
    const subject = request.key ?? `${request.on} ${request.nth}`;
    return probability >= 1 || draw(this.seed, 'fault', index, subject, request.attempt) < probability;
  }
}

/** Looks for one kind among the faults of a call; with `event`, only where that event is meant. */
export function findFault<K extends CallFault['kind']>(
  faults: readonly CallFault[],
  kind: K,
  event?: EventName,
): Extract<CallFault, { kind: K }> | undefined {
  return faults.find(
    (fault): fault is Extract<CallFault, { kind: K }> =>
      fault.kind === kind && (event === undefined || !('events' in fault) || fault.events.includes(event)),
  );
}
