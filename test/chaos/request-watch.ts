/**
 * When requests that place calls left the workers: when their first bytes came to the proxy in front of the provider, before it
 * held them up. What the provider sees is of no use for that, because requests that were well apart arrive together after a silence.
 *
 * The proxy lives in the process of the run. While that is busy it reads nothing, so an instant may be later than the request by as
 * much as the process stood still: these stretches are noted as well.
 */
import type { CarrierName } from '../../simulator/faults.ts';

export interface SentRequest {
  readonly at: number;
  /** The process stood still for so long before. */
  readonly lateByMs: number;
}

const BEAT_MS = 20;
/** Paths to which a POST places a call. */
const PLACES: Readonly<Record<CarrierName, RegExp>> = {
  truedy: /^POST \S*\/calls[ ?]/,
  twilio: /^POST \S*\/Calls\.json[ ?]/,
  retell: /^POST \S*\/create-phone-call[ ?]/,
};
/** The request line of every carrier is shorter. */
const LINE_BYTES = 200;

export class RequestWatch {
  readonly sent: SentRequest[] = [];
  #beatAt = Date.now();
  readonly #beats: NodeJS.Timeout;
  /** How late the last beat was, and when: what was read right after it may be as late. */
  #stall = { until: 0, ms: 0 };

  constructor(private readonly carrier: CarrierName) {
    this.#beats = setInterval(() => this.#beat(), BEAT_MS).unref();
  }

  /** A piece of data on its way to the provider. */
  readonly noteData = (chunk: Buffer): void => {
    if (!PLACES[this.carrier].test(chunk.toString('latin1', 0, LINE_BYTES))) return;
    const at = Date.now();
    const sinceBeat = at - this.#beatAt;
    const lateByMs = Math.max(sinceBeat, at <= this.#stall.until ? this.#stall.ms : 0);
    this.sent.push({ at, lateByMs });
  };

  stop(): void {
    clearInterval(this.#beats);
  }

  #beat(): void {
    const now = Date.now();
    const ms = now - this.#beatAt;
    // The sockets are read after the timers.
    if (ms > 2 * BEAT_MS) this.#stall = { until: now + ms, ms };
    this.#beatAt = now;
  }
}
