/**
 * The calls of an account by civil day, over all its campaigns, as db/account-days.ts counts them. What the limit means is decided by
 * `domain/dialling/account-day.ts`.
 */
import { type AccountDay, heldUntilNextDay } from '../../domain/dialling/account-day.ts';
import { civilDay } from '../../domain/windows/windows.ts';

export class VirtualAccountDays {
  private readonly placed = new Map<string, number>();
  /** Where unsettled calls count. */
  private readonly counted = new Map<string, string>();
  private today: AccountDay | null = null;

  constructor(
    readonly limit: number,
    readonly timezone: string,
  ) {}

  /** Until when the limit holds the call. Null: it may be dialled. */
  holdsUntil(callId: string, mayBeSent: boolean, marginMs: number, now: number): number | null {
    const { limit, timezone } = this;
    const day = this.dayAt(now);
    const placed = { [day.date]: this.placed.get(day.date) ?? 0 };
    const call = { mayBeSent, countedOn: this.counted.get(callId) ?? null };
    return heldUntilNextDay({ limit, timezone, placed }, day, call, marginMs, now);
  }

  dayAt(now: number): AccountDay {
    if (this.today === null || now >= this.today.endsAt) this.today = civilDay(this.timezone, now);
    return this.today;
  }

  /** A request is about to leave for the first time. */
  count(callId: string, now: number): void {
    const { date } = this.dayAt(now);
    this.counted.set(callId, date);
    this.placed.set(date, (this.placed.get(date) ?? 0) + 1);
  }

  /** It was certainly not placed. */
  giveBack(callId: string): void {
    const date = this.counted.get(callId);
    if (date === undefined) return;
    this.counted.delete(callId);
    this.placed.set(date, (this.placed.get(date) ?? 0) - 1);
  }

  /** Calls that are settled keep their unit. */
  settled(callId: string): void {
    this.counted.delete(callId);
  }
}
