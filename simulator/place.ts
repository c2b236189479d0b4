import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describeCall, detailsOf, fail, PlaceBody, succeed } from './api.ts';
import type { Calls } from './calls.ts';
import type { SimulatedCall } from './simulated-call.ts';
import type { Timers } from './clock.ts';
import { disturb } from './disturb.ts';
import type { ActiveFaultPlan, DueFaults } from './fault-plan.ts';
import { entered } from './entry.ts';

/** The first answer to a key, to be given again. */
interface RememberedKey {
  readonly bodyHash: string;
  readonly at: number;
  readonly call: SimulatedCall;
  readonly answer: unknown;
}

interface PlaceOptions {
  readonly calls: Calls;
  readonly timers: Timers;
  readonly keyTtlMs: number;
  readonly plan: () => ActiveFaultPlan;
}

const HOLD_MS = 10_000;

/**
 * `POST /calls`. A request passes through a fixed order: the faults that keep it from being looked at, its validation,
 * acceptance (or the first answer again for a key that is remembered), then the faults that befall the reply.
 */
export class PlaceRoute {
  readonly #options: PlaceOptions;
  readonly #keys = new Map<string, RememberedKey>();

  constructor(options: PlaceOptions) {
    this.#options = options;
  }

  forgetKeys(): void {
    this.#keys.clear();
  }

  serve(api: FastifyInstance): void {
    api.post('/calls', (request, reply) => this.#place(request, reply));
  }

  async #place(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { plan, timers } = this.#options;
    const { record } = entered(request);
    const { key } = record;
    const body = PlaceBody.safeParse(request.body);
    const due = plan().faultsFor({ on: 'place', key, phoneNumber: body.data?.phone_number ?? null });
    record.faults.push(...due.request.map(({ kind }) => kind));
    const exchange = { request, reply, timers };

    if (await disturb(due.request, 'before', exchange)) return reply;
    if (!body.success) return fail(reply, 422, 'validation_error', 'The body is not valid.', detailsOf(body.error));
    const { agents } = plan().poses;
    if (agents !== null && !agents.includes(body.data.agent_id)) {
      return fail(reply, 404, 'not_found', 'There is no such agent.');
    }
    const placed = this.#acceptOrRecall(key, body.data, hashOf(request.body), due);
    if (placed === 'conflict') {
      return fail(reply, 409, 'idempotency_conflict', 'This key was used with another body.');
    }
    record.call_id = placed.call.entry.id;
    record.replayed = placed.replayed;
    if (!placed.replayed) record.faults.push(...placed.call.faults.map(({ kind }) => kind));

    await this.#holdForEvents(placed.call);
    if (await disturb(due.request, 'after', exchange)) return reply;
    if (!placed.replayed) this.#options.calls.replied(placed.call);
    return succeed(reply, 201, placed.answer);
  }

  #acceptOrRecall(key: string | null, body: PlaceBody, bodyHash: string, due: DueFaults) {
    const { calls, timers, keyTtlMs, plan } = this.#options;
    const { poses } = plan();
    const known = key === null || !poses.honours_keys ? undefined : this.#keys.get(key);
    if (known !== undefined && timers.now() - known.at < keyTtlMs) {
      if (known.bodyHash !== bodyHash) return 'conflict';
      return { call: known.call, answer: known.answer, replayed: true };
    }
    const { join_timeout, max_duration } = body.call_settings;
    const call = calls.accept(
      {
        key,
        agentId: body.agent_id,
        phoneNumber: body.phone_number,
        variables: body.variables ?? null,
        limits: { joinTimeoutMs: join_timeout, maxDurationMs: max_duration },
      },
      due.takeCallFaults(),
    );
    const answer = describeCall(call, poses);
    if (key !== null) this.#keys.set(key, { bodyHash, at: timers.now(), call, answer });
    return { call, answer, replayed: false };
  }

  async #holdForEvents(call: SimulatedCall): Promise<void> {
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
