/** The promises of a connection over all its campaigns, checked at every step. */
import { check } from './violation.ts';

const TEN_SECONDS_MS = 10_000;

export interface ConnectionInvariantsOptions {
  readonly callsPerSecond: number | null;
  readonly now: () => number;
}

export class ConnectionInvariants {
  private readonly sends: number[] = [];

  constructor(private readonly options: ConnectionInvariantsOptions) {}

  /** A request leaves, whatever comes of it. */
  sent(): void {
    const { callsPerSecond: rate } = this.options;
    if (rate === null) return;
    const now = this.options.now();
    const most = 10 * rate + Math.max(1, rate);
    this.sends.push(now);
    while ((this.sends[0] ?? Infinity) <= now - TEN_SECONDS_MS) this.sends.shift();
    const count = this.sends.length;
    check('P13', now, count <= most, () => `${count} dials in ten seconds, ${most} allowed at ${rate} a second`);
  }
}
