import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Calls } from './calls.ts';
import type { CallRequest, Carrier } from './carrier.ts';
import type { SimulatedCall } from './simulated-call.ts';
import type { Timers } from './clock.ts';
import { disturb } from './disturb.ts';
import type { ActiveFaultPlan, DueFaults } from './fault-plan.ts';
import { entered } from './entry.ts';

/** The first answer to a key, to be given again. */
interface RememberedKey<Details> {
  readonly bodyHash: string;
  readonly at: number;
  readonly call: SimulatedCall<Details>;
  readonly answer: unknown;
}

interface PlaceOptions<Details> {
  readonly carrier: Carrier<Details>;
  readonly calls: Calls<Details>;
  readonly timers: Timers;
  readonly keyTtlMs: number;
  readonly plan: () => ActiveFaultPlan;
}

interface Placed<Details> {
  readonly call: SimulatedCall<Details>;
  readonly answer: unknown;
  readonly replayed: boolean;
}

const HOLD_MS = 10_000;

/**
 * Answers placements. A request passes through a fixed order: the faults that keep it from being looked at, its
 * validation, acceptance (or the first answer again for a key that is remembered), then the faults that befall the reply.
 */
export class PlaceRoute<Details> {
  readonly #options: PlaceOptions<Details>;
  readonly #keys = new Map<string, RememberedKey<Details>>();

  constructor(options: PlaceOptions<Details>) {
    this.#options = options;
  }

  forgetKeys(): void {
    this.#keys.clear();
  }

  async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { carrier, calls, plan, timers } = this.#options;
    const { record } = entered(request);
    const { key } = record;
    const asked = carrier.readPlacement(request);
    const phoneNumber = typeof asked === 'function' ? null : asked.phoneNumber;
    const due = plan().faultsFor({ on: 'place', key, phoneNumber });
    record.faults.push(...due.request.map(({ kind }) => kind));
    const exchange = { request, reply, timers, carrier };

    if (await disturb(due.request, 'before', exchange)) return reply;
    if (typeof asked === 'function') return asked(reply);
    const refuse = carrier.refusalOf(asked);
    if (refuse !== null) return refuse(reply);
    const placed = this.#acceptOrRecall(key, asked, hashOf(request.body), due);
    if (placed === 'conflict') return carrier.tell(reply, { kind: 'conflict' });
    if (placed === 'too_many') return carrier.tell(reply, { kind: 'throttle' });
    record.call_id = placed.call.entry.id;
    record.replayed = placed.replayed;
    if (!placed.replayed) record.faults.push(...placed.call.faults.map(({ kind }) => kind));

    await this.#holdForEvents(placed.call);
    if (await disturb(due.request, 'after', exchange)) return reply;
    if (!placed.replayed) calls.replied(placed.call);
    return carrier.confirm(reply, placed.answer);
  }

  #acceptOrRecall(
    key: string | null,
    asked: CallRequest<Details>,
    bodyHash: string,
    due: DueFaults,
  ): Placed<Details> | 'conflict' | 'too_many' {
    const { carrier, calls, timers, keyTtlMs, plan } = this.#options;
    const known = key === null || !carrier.honoursKeys() ? undefined : this.#keys.get(key);
    if (known !== undefined && timers.now() - known.at < keyTtlMs) {
      if (known.bodyHash !== bodyHash) return 'conflict';
      return { call: known.call, answer: known.answer, replayed: true };
    }
    const { concurrency_limit: limit } = plan().poses;
    if (limit !== null && calls.underWay() >= limit) return 'too_many';
    const call = calls.accept(key, asked, due.takeCallFaults());
    const answer = carrier.describe(call);
    if (key !== null) this.#keys.set(key, { bodyHash, at: timers.now(), call, answer });
    return { call, answer, replayed: false };
  }

  async #holdForEvents(call: SimulatedCall<Details>): Promise<void> {
    if (call.awaitedEvents.size === 0) return;
    const delivered = new Promise<void>((resolve) => {
      call.replyMayGo = resolve;
    });
    await Promise.race([delivered, this.#options.timers.sleep(HOLD_MS)]);
  }
}

/** Of the body as it was understood: the same JSON is the same body. */
function hashOf(body: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(body) ?? '')
    .digest('hex');
}
