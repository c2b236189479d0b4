import { counted } from '../../domain/engine/counted.ts';
import type { Campaign } from '../../domain/api/campaign-responses.ts';

export interface Snapshot {
  readonly campaign: Campaign;
  /** Calls that are going on at this moment, as the provider has it. */
  readonly inFlight: number;
}

const BAR_WIDTH = 24;
const WAITS_FOR: Record<NonNullable<Campaign['waiting_for']>, string> = {
  stopped: 'stopped by an administrator',
  start: 'waits for its start',
  window: 'waits for its hours',
  daily_cap: 'waits for the next day: today’s cap is used up',
  account: 'waits for calls of its account',
  connection: 'waits for a turn at its connection',
  slot: 'all lines busy',
  number: 'waits until a number may be called again',
  retry: 'waits until retries are due',
  provider: 'waits for the provider',
  system: 'waits for a slow database or machine',
};

/** One line that tells how far a campaign is and what it waits for. */
export function progressLine({ campaign, inFlight }: Snapshot): string {
  const { total_contacts: total, completed, failed, skipped, max_concurrent_calls: slots } = campaign;
  const done = completed + failed + skipped;
  const filled = total === 0 ? 0 : Math.floor((done / total) * BAR_WIDTH);
  const cap = campaign.max_calls_per_day === null ? '' : ` of ${campaign.max_calls_per_day}`;
  return [
    `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${done}/${total} done`,
    `${inFlight} of ${counted(slots, 'call')} in flight`,
    `${campaign.placed_today}${cap} today`,
    waitsFor(campaign),
  ].join(' | ');
}

export function waitsFor({ status, waiting_for, until }: Campaign): string {
  if (status !== 'active' && status !== 'scheduled') return status;
  if (waiting_for === null) return 'calling';
  return WAITS_FOR[waiting_for] + (until === null ? '' : ` until ${until.replace(/\.\d+Z$/, 'Z')}`);
}

/** The width of a terminal that does not tell its own. */
const NARROW = 80;
/** Where no cursor can be moved, a line only every so often. */
const LINE_EVERY_MS = 3_000;

/** Shows one changing line: in place on a terminal, otherwise as a new line from time to time. */
export class ProgressDisplay {
  readonly #out: NodeJS.WriteStream;
  #shownAt = -Infinity;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(line: string): void {
    if (this.#out.isTTY) {
      this.#out.write(`\r\u001B[2K${line.slice(0, (this.#out.columns || NARROW) - 1)}`);
    } else if (performance.now() - this.#shownAt >= LINE_EVERY_MS) {
      this.#shownAt = performance.now();
      this.#out.write(`${line}\n`);
    }
  }

  /** Leaves the last line standing, whatever was shown before. */
  end(line: string): void {
    this.#out.write(this.#out.isTTY ? `\r\u001B[2K${line}\n` : `${line}\n`);
  }
}
