/** The promises of a connection over all its campaigns, checked at every step. */
import type { NumberLimit } from '../../domain/dialling/number-limits.ts';
import type { LedgerCall } from './provider.ts';
import { civilDay } from '../../domain/windows/windows.ts';
import { check } from './violation.ts';

const TEN_SECONDS_MS = 10_000;

export interface ConnectionInvariantsOptions {
  readonly callsPerSecond: number | null;
  /** Of calls to one number, and the number of a contact. Null: none. */
  readonly numbers: { readonly limits: readonly NumberLimit[]; of(seq: number): number } | null;
  /** The account's limit of calls per day. Null: none. */
  readonly days: { readonly limit: number; readonly timezone: string } | null;
  readonly now: () => number;
}

const HOUR_MS = 3_600_000;

export class ConnectionInvariants {
  readonly counts = { sent: 0, mostToOneNumber: 0, mostOnOneDay: 0 };
  private readonly sends: number[] = [];
  /** When calls to each number were accepted. */
  private readonly callsTo = new Map<number, number[]>();
  /** Calls by the day on which the provider took them, and on which they were dialled. */
  private readonly onDays = { taken: new Map<string, number>(), dialled: new Map<string, number>() };

  constructor(private readonly options: ConnectionInvariantsOptions) {}

  /** A request leaves, whatever comes of it. */
  sent(): void {
    this.counts.sent += 1;
    const { callsPerSecond: rate } = this.options;
    if (rate === null) return;
    const now = this.options.now();
    const most = 10 * rate + Math.max(1, rate);
    this.sends.push(now);
    while ((this.sends[0] ?? Infinity) <= now - TEN_SECONDS_MS) this.sends.shift();
    const count = this.sends.length;
    check('P13', now, count <= most, () => `${count} dials in ten seconds, ${most} allowed at ${rate} a second`);
  }

  /** The provider has accepted a call, of whatever campaign. */
  accepted({ callId, seq }: LedgerCall): void {
    this.countOnDay('taken', callId);
    const { numbers } = this.options;
    if (numbers === null) return;
    const now = this.options.now();
    const longestMs = Math.max(0, ...numbers.limits.map(({ hours }) => hours * HOUR_MS));
    const calls = [...(this.callsTo.get(numbers.of(seq)) ?? []), now].filter((at) => at > now - longestMs);
    this.callsTo.set(numbers.of(seq), calls);
    this.counts.mostToOneNumber = Math.max(this.counts.mostToOneNumber, calls.length);
    for (const { max, hours } of numbers.limits) {
      const count = calls.filter((at) => at > now - hours * HOUR_MS).length;
      check(
        'P14',
        now,
        count <= max,
        () => `${count} calls to one number in ${hours} hours, ${max} allowed (${callId})`,
      );
    }
  }

  /** The provider dials a call that it has accepted. */
  dialled({ callId }: LedgerCall): void {
    this.countOnDay('dialled', callId);
  }

  private countOnDay(what: 'taken' | 'dialled', callId: string): void {
    const { days } = this.options;
    if (days === null) return;
    const now = this.options.now();
    const { date } = civilDay(days.timezone, now);
    const count = (this.onDays[what].get(date) ?? 0) + 1;
    this.onDays[what].set(date, count);
    this.counts.mostOnOneDay = Math.max(this.counts.mostOnOneDay, count);
    check(
      'account day',
      now,
      count <= days.limit,
      () => `${count} calls on ${date}, ${days.limit} allowed (${callId})`,
    );
  }
}
