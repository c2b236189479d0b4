import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EndedEvent } from '../../domain/engine/outcome.ts';
import { callEventsSignal } from '../../workflows/messages.ts';
import { nextId } from '../support/factories/ids.ts';
import { realTimeHarness, type RealTimeHarness } from '../support/harness/real-time.ts';
import type { Campaign, WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { PEOPLE, PLACING, reaches } from '../support/factories/states.ts';

let real: RealTimeHarness;
let harness: WorkflowHarness;
beforeEach(async () => {
  real = await realTimeHarness();
  ({ harness } = real);
});
afterEach(() => real.close());

const nobody = { pending: 0, in_progress: 0, retrying: 0, completed: 0, failed: 0, skipped: 0 };

/** All four are live at once. */
async function calling(): Promise<Campaign> {
  const campaign = await harness.start(PEOPLE);
  await expect.poll(() => harness.provider.live().length).toBe(PEOPLE);
  await reaches(campaign, { in_flight: PEOPLE });
  return campaign;
}

async function endAll(campaign: Campaign) {
  await campaign.end(harness.provider.live());
  return campaign.handle.result();
}

describe('an event', () => {
  it('counts once, however often one signal or several carry it', async () => {
    const campaign = await calling();
    const event = harness.provider.end(campaign.callId(1), 'busy');
    await campaign.handle.signal(callEventsSignal, [event, event]);
    await campaign.handle.signal(callEventsSignal, [event]);
    await reaches(campaign, { in_flight: PEOPLE - 1, duplicate_events: 2, late_events: 0 });
    expect(await endAll(campaign)).toMatchObject({ buckets: { ...nobody, failed: 1, completed: PEOPLE - 1 } });
  });

  it('does not change the outcome that another told before', async () => {
    const campaign = await calling();
    const first = harness.provider.end(campaign.callId(1), 'no_answer');
    const second = { ...first, event_id: nextId('event'), outcome: 'completed' as const };
    await campaign.handle.signal(callEventsSignal, [first, second]);
    await reaches(campaign, { in_flight: PEOPLE - 1, duplicate_events: 0, late_events: 1 });
    expect(await endAll(campaign)).toMatchObject({
      buckets: { ...nobody, failed: 1, completed: PEOPLE - 1 },
      late_events: 1,
    });
  });

  it('may come before the provider has answered the placement', async () => {
    const talking = PLACING.find((state) => state.talking)!;
    const campaign = await talking.arrange(harness);
    const early = harness.provider.requests.map(({ callId }): EndedEvent => {
      return { event_id: `early:${callId}`, call_id: callId, outcome: 'busy', ended_at: Date.now() };
    });
    await campaign.handle.signal(callEventsSignal, early.toReversed());
    // Their slots are free: the other two are being called although the first two have no answer yet.
    await expect.poll(() => harness.provider.requests.length).toBe(PEOPLE);
    await talking.release!(harness);
    await expect.poll(() => harness.provider.accepted.size).toBe(PEOPLE);
    expect(await endAll(campaign)).toMatchObject({ buckets: { ...nobody, failed: 2, completed: 2 } });
    expect(harness.provider.requests).toHaveLength(PEOPLE);
  });

  it('of a call that is not this campaign’s changes nothing but a count', async () => {
    const campaign = await calling();
    const stray = { event_id: 'stray', call_id: 'other.1.1', outcome: 'completed' as const, ended_at: Date.now() };
    await campaign.handle.signal(callEventsSignal, [stray]);
    await reaches(campaign, { in_flight: PEOPLE, late_events: 1 });
    expect(await endAll(campaign)).toMatchObject({ buckets: { ...nobody, completed: PEOPLE } });
  });
});

const json = (data: string) => ({ metadata: { encoding: bytes('json/plain') }, data: bytes(data) });
const bytes = (text: string) => new TextEncoder().encode(text);

describe('a signal sent by hand', () => {
  /** Sends payloads as they are, as the Web UI and the CLI can. */
  const send = (campaign: Campaign, signalName: string, payloads: readonly object[]) =>
    harness.client.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: campaign.handle.workflowId },
      signalName,
      input: { payloads: [...payloads] },
    });

  it.each([
    ['no argument', 'callEvents', []],
    ['null', 'callEvents', [json('null')]],
    ['a text', 'callEvents', [json('"ended"')]],
    ['one event and no list', 'callEvents', [json('{"event_id":"e","call_id":"c"}')]],
    ['a list of something else', 'callEvents', [json('[1]')]],
    ['an event without its call', 'callEvents', [json('[{"event_id":"e","outcome":"busy","ended_at":1}]')]],
    ['an outcome that is none', 'callEvents', [json('[{"event_id":"e","call_id":"c","outcome":"x","ended_at":1}]')]],
    ['another name', 'Pause', []],
    ['JSON that is not whole', 'callEvents', [json('[{"event_id":')]],
    ['no encoding', 'callEvents', [{ data: bytes('[]') }]],
    ['an encoding that nobody knows', 'callEvents', [{ metadata: { encoding: bytes('x/y') }, data: bytes('1') }]],
    ['a protobuf', 'callEvents', [{ metadata: { encoding: bytes('json/protobuf') }, data: bytes('{}') }]],
    ['another name and no encoding', 'Pause', [{ data: bytes('[]') }]],
  ])('with %s is counted, and the campaign goes on', async (_, name, payloads) => {
    const campaign = await calling();
    await send(campaign, name, payloads);
    await reaches(campaign, { malformed_signals: 1, status: 'active', in_flight: PEOPLE });
    expect(await endAll(campaign)).toMatchObject({ buckets: { ...nobody, completed: PEOPLE } });
  });

  it.each([
    ['pause', [json('not json')]],
    ['pause', [{ data: bytes('') }, json('{}')]],
  ])('%s with arguments that cannot be read pauses all the same', async (name, payloads) => {
    const campaign = await calling();
    await send(campaign, name, payloads);
    await reaches(campaign, { status: 'paused', in_flight: PEOPLE });
  });

  it('does not take the sound events of its list with it', async () => {
    const campaign = await calling();
    const sound = harness.provider.end(campaign.callId(1));
    await send(campaign, 'callEvents', [json(JSON.stringify([{ event_id: 7 }, sound, null]))]);
    await reaches(campaign, { malformed_signals: 2, in_flight: PEOPLE - 1 });
    expect(await endAll(campaign)).toMatchObject({ buckets: { ...nobody, completed: PEOPLE } });
  });
});
