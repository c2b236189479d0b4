import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Delivered, EventDelivery } from '../../../gateway/temporal/event-delivery.ts';
import type { EndedEvent } from '../../../domain/engine/outcome.ts';

const event = (campaign: string, number: number): EndedEvent => ({
  event_id: `event-${number}`,
  call_id: `${campaign}.${number}.1`,
  outcome: 'completed',
  ended_at: number,
});

/** A server whose signals are answered by the test, one by one, in whatever order it likes. */
class ManualServer {
  readonly underWay: { campaignId: string; events: readonly EndedEvent[]; settle: (refuse: boolean) => void }[] = [];
  readonly accepted = new Map<string, EndedEvent[]>();
  largest = 0;

  readonly signal = (campaignId: string, events: readonly EndedEvent[]): Promise<Delivered> => {
    expect(this.underWay.map((signal) => signal.campaignId)).not.toContain(campaignId);
    this.largest = Math.max(this.largest, events.length);
    return new Promise((resolve, reject) => {
      this.underWay.push({
        campaignId,
        events,
        settle: (refuse) => {
          if (refuse) return reject(new Error('refused'));
          this.accepted.set(campaignId, [...(this.accepted.get(campaignId) ?? []), ...events]);
          return resolve('accepted');
        },
      });
    });
  };

  /** Answers one of the signals under way; resolves when what follows from it has happened. */
  async answer(which: number, refuse: boolean): Promise<void> {
    const [signal] = this.underWay.splice(which % this.underWay.length, 1);
    signal?.settle(refuse);
    await new Promise(setImmediate);
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('event' as const), campaign: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ kind: fc.constant('answer' as const), which: fc.nat(2), refuse: fc.boolean() }),
);

describe('event delivery', () => {
  it('sends each event once, in order, in bounded batches, with one signal under way per campaign', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), async (steps, perSignal) => {
        const server = new ManualServer();
        const delivery = new EventDelivery(server.signal, { perSignal, spacing: async () => {} });
        const promised: Promise<{ campaign: string; event: EndedEvent; delivered: boolean }>[] = [];
        for (const [number, next] of steps.entries()) {
          if (next.kind === 'answer') {
            if (server.underWay.length > 0) await server.answer(next.which, next.refuse);
            continue;
          }
          const { campaign } = next;
          const sent = event(campaign, number);
          promised.push(
            delivery.deliver(campaign, sent).then(
              () => ({ campaign, event: sent, delivered: true }),
              () => ({ campaign, event: sent, delivered: false }),
            ),
          );
        }
        while (server.underWay.length > 0) await server.answer(0, false);

        const outcomes = await Promise.all(promised);
        for (const campaign of ['a', 'b', 'c']) {
          const resolved = outcomes.filter((outcome) => outcome.campaign === campaign && outcome.delivered);
          expect(server.accepted.get(campaign) ?? []).toEqual(resolved.map((outcome) => outcome.event));
        }
        expect(server.largest).toBeLessThanOrEqual(perSignal);
      }),
    );
  });

  it('gathers what arrives while a signal is under way into the next one', async () => {
    const server = new ManualServer();
    const delivery = new EventDelivery(server.signal, { spacing: async () => {} });
    const promised = Array.from({ length: 100 }, (_, number) => delivery.deliver('a', event('a', number)));
    const sizes: number[] = [];
    while (server.underWay.length > 0) {
      sizes.push(server.underWay[0]!.events.length);
      await server.answer(0, false);
    }
    await Promise.all(promised);
    expect(sizes).toEqual([1, 99]);
  });

  it('leaves time between two signals, also when the first is answered at once', async () => {
    const server = new ManualServer();
    let over = (): void => {};
    const delivery = new EventDelivery(server.signal, {
      spacing: () => new Promise<void>((resolve) => (over = resolve)),
    });
    const first = delivery.deliver('a', event('a', 1));
    await server.answer(0, false);
    await expect(first).resolves.toBe('accepted');
    const promised = [2, 3].map((number) => delivery.deliver('a', event('a', number)));
    await new Promise(setImmediate);
    expect(server.underWay).toEqual([]);
    over();
    await new Promise(setImmediate);
    expect(server.underWay.map(({ events }) => events.length)).toEqual([2]);
    await server.answer(0, false);
    await Promise.all(promised);
  });

  it('counts that time from the answer, however long a signal takes', async () => {
    const server = new ManualServer();
    let answered = 0;
    const begunAfter: number[] = [];
    const delivery = new EventDelivery(server.signal, { spacing: async () => begunAfter.push(answered) });
    const promised = [1, 2].map((number) => delivery.deliver('a', event('a', number)));
    for (answered = 1; answered <= 2; answered += 1) await server.answer(0, false);
    await Promise.all(promised);
    await new Promise(setImmediate);
    expect(begunAfter).toEqual([1, 2]);
  });

  it('refuses more than it may hold, and takes events again when there is room', async () => {
    const server = new ManualServer();
    const delivery = new EventDelivery(server.signal, { waiting: 2, spacing: async () => {} });
    const held = [delivery.deliver('a', event('a', 1)), delivery.deliver('b', event('b', 2))];
    await expect(delivery.deliver('a', event('a', 3))).rejects.toMatchObject({ code: 'temporal_unavailable' });
    await server.answer(0, false);
    const taken = delivery.deliver('a', event('a', 4));
    while (server.underWay.length > 0) await server.answer(0, false);
    await expect(Promise.all([...held, taken])).resolves.toEqual(['accepted', 'accepted', 'accepted']);
  });

  it('tells the caller that a campaign is closed', async () => {
    const delivery = new EventDelivery(async () => 'closed');
    await expect(delivery.deliver('a', event('a', 1))).resolves.toBe('closed');
  });
});
