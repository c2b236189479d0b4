import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { temporal } from '@temporalio/proto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { controlOverTemporal } from '../../client/temporal/control-over-temporal.ts';
import { EventDelivery, eventSignaller } from '../../gateway/temporal/event-delivery.ts';
import { CampaignState } from '../../domain/engine/campaign-state.ts';
import type { EndedEvent, Outcome } from '../../domain/engine/outcome.ts';
import { type DevServer, startDevServer } from '../../scripts/dev-server.ts';
import { obtainTemporalCli } from '../../scripts/temporal-binaries.ts';
import { type Run, runsOf } from '../support/probes/history.ts';
import { realTimeHarness, type RealTimeHarness } from '../support/harness/real-time.ts';
import { OBTAIN } from '../support/setup/shared.ts';
import type { Campaign, WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { reaches } from '../support/factories/states.ts';

/** A real server suggests a new run at 4096 events. */
const SUGGEST_AT_EVENTS = 150;
const OUTCOMES: readonly Outcome[] = ['completed', 'busy', 'voicemail', 'failed', 'no_answer'];

const directory = mkdtempSync(join(tmpdir(), 'ringfence-new-run-'));
let server: DevServer;
let real: RealTimeHarness;
let harness: WorkflowHarness;

beforeAll(async () => {
  server = await startDevServer({
    executable: (await obtainTemporalCli(OBTAIN)).path,
    port: 0,
    logFile: join(directory, 'temporal.log'),
    dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': SUGGEST_AT_EVENTS },
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  real = await realTimeHarness({ address: server.address });
  ({ harness } = real);
});
afterEach(() => real.close());

/** Ends calls in the order in which they were accepted, each told twice, and keeps all that was told. */
class Callers {
  readonly told: EndedEvent[] = [];
  readonly #delivery = new EventDelivery(eventSignaller(harness.client, { timeoutMs: 20_000 }));
  readonly #campaign: Campaign;
  #deliveries: Promise<unknown>[] = [];

  constructor(campaign: Campaign) {
    this.#campaign = campaign;
  }

  /** Tells of calls that are live, all but `keep` of them and `atMost` so many. */
  end({ keep = 0, atMost = Infinity }: { keep?: number; atMost?: number } = {}): void {
    const { provider } = harness;
    for (const callId of provider.live().slice(keep, keep + atMost)) {
      const seq = provider.accepted.get(callId)!.seq;
      const event = provider.end(callId, OUTCOMES[seq % OUTCOMES.length]);
      this.told.push(event);
      this.#deliver(event);
      this.#deliver(event);
    }
  }

  /** Tells once more of what was told long ago, in earlier runs. */
  repeat(count: number): void {
    for (const event of this.told.slice(0, count)) this.#deliver(event);
  }

  async delivered(): Promise<readonly unknown[]> {
    return Promise.all(this.#deliveries);
  }

  #deliver(event: EndedEvent): void {
    this.#deliveries.push(this.#delivery.deliver(this.#campaign.id, event));
  }
}

function expectStateToTravel(run: Run): void {
  const { carried } = run.input as { carried: object };
  const withMore = { ...carried, of_a_later_release: { kept: true } };
  // What a schema would strip, default or turn into something else would show here.
  expect(CampaignState.parse(JSON.parse(JSON.stringify(withMore)))).toEqual(withMore);
}

/**
 * The server refuses to end a run while a signal comes in. As senders leave time between two signals, the run ends in the
 * workflow task that took one in, or when none has come for a while.
 */
function expectEndBetweenSignals({ history }: Run): void {
  let heardAt = -Infinity;
  let startedAt = -Infinity;
  let waiting = 0;
  let taken = 0;
  for (const event of history.events!) {
    if (event.workflowExecutionSignaledEventAttributes) {
      waiting += 1;
    } else if (event.workflowTaskStartedEventAttributes) {
      startedAt = tsToMs(event.eventTime);
      taken = waiting;
    } else if (event.workflowTaskCompletedEventAttributes) {
      // What a task that failed had begun with is taken in by the next.
      if (taken > 0) heardAt = startedAt;
      waiting -= taken;
    }
  }
  if (startedAt !== heardAt) expect(startedAt - heardAt).toBeGreaterThanOrEqual(250);
}

describe('a campaign that continues as new under load', () => {
  it('applies every event once, calls nobody twice, and keeps on calling', async () => {
    const people = 300;
    const slots = 20;
    const campaign = await harness.start(people, { max_concurrent_calls: slots });
    const callers = new Callers(campaign);
    await vi.waitFor(
      () => {
        // Some are live at every moment, whichever run gives way then.
        callers.end({ keep: harness.provider.accepted.size < people ? slots / 2 : 0 });
        expect(callers.told).toHaveLength(people);
      },
      { timeout: 180_000, interval: 20 },
    );
    const deliveries = await callers.delivered();
    expect(deliveries.length).toBe(2 * people);
    const result = await campaign.handle.result();

    const { rows } = await harness.pool.query<{ seq: number; outcome: string }>(
      `select seq, outcome from calls where campaign_id = $1 order by seq`,
      [campaign.id],
    );
    expect(rows).toEqual(
      Array.from({ length: people }, (_, index) => ({
        seq: index + 1,
        outcome: OUTCOMES[(index + 1) % OUTCOMES.length],
      })),
    );
    expect(harness.provider.requests).toHaveLength(people);
    const reached = rows.filter(({ outcome }) => outcome === 'completed' || outcome === 'voicemail').length;
    expect(result.buckets).toEqual({
      pending: 0,
      in_progress: 0,
      retrying: 0,
      completed: reached,
      failed: people - reached,
      skipped: 0,
    });

    const runs = await runsOf(campaign.handle);
    expect(runs.length).toBeGreaterThan(5);
    for (const run of runs.slice(1)) expectStateToTravel(run);
    for (const run of runs.slice(0, -1)) expectEndBetweenSignals(run);
    const withLiveCalls = runs.slice(1).filter(({ input }) => {
      return Object.keys((input as { carried: CampaignState }).carried.inFlight).length > 0;
    });
    expect(withLiveCalls.length).toBeGreaterThan(2);
    // No run but the last is spent on handing over alone. A slow worker needs a separate workflow task for each signal.
    for (const run of runs.slice(0, -1)) expect(run.activities.placeCall ?? 0).toBeGreaterThan(slots / 4);
    // The records stay with the campaign: no run has to find out again what the one before knew.
    expect(runs.map(({ activities }) => activities.openRoster ?? 0)).toEqual([1, ...runs.slice(1).map(() => 0)]);
  });

  it('does so too when a worker forgets the campaign after every step, also while a run gives way', async () => {
    const forgetful = await realTimeHarness({ address: server.address, maxCachedWorkflows: 0 });
    try {
      const people = 240;
      const { provider } = forgetful.harness;
      provider.script = () => ({ kind: 'ends', outcome: 'completed' });
      const campaign = await forgetful.harness.start(people, { max_concurrent_calls: 10 });
      expect(await campaign.handle.result()).toMatchObject({ buckets: { completed: people } });
      expect(provider.requests).toHaveLength(people);
      const runs = await runsOf(campaign.handle);
      expect(runs.length).toBeGreaterThan(3);
      for (const { history } of runs) {
        const failed = history.events!.filter((event) => event.workflowTaskFailedEventAttributes);
        // What came in while a run gave way is taken in first; nothing else may fail.
        expect(failed.map((event) => event.workflowTaskFailedEventAttributes!.cause)).toEqual(
          failed.map(() => temporal.api.enums.v1.WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND),
        );
      }
    } finally {
      await forgetful.close();
    }
  });

  it('holds its pauses, and answers each that was asked', async () => {
    const pauses = 6;
    const slots = 20;
    const endedBefore = 30;
    // Before each pause so many calls are ended, and after it those that are left: some people remain after the last.
    const people = pauses * (endedBefore + slots) + slots;
    const campaign = await harness.start(people, { max_concurrent_calls: slots });
    const callers = new Callers(campaign);
    const client = controlOverTemporal(harness.client);
    const silences: { from: number; to: number }[] = [];
    for (let pause = 0; pause < pauses; pause += 1) {
      const target = callers.told.length + endedBefore;
      await vi.waitFor(
        () => {
          callers.end({ atMost: target - callers.told.length });
          expect(callers.told).toHaveLength(target);
        },
        { interval: 20 },
      );
      const answer = await client.pause(campaign.id);
      const from = harness.provider.requests.length;
      expect(answer).toMatchObject({ acknowledged: true, status: 'paused' });
      callers.end();
      callers.repeat(20);
      await callers.delivered();
      await reaches(campaign, { status: 'paused', in_flight: 0 });
      silences.push({ from, to: harness.provider.requests.length });
      expect(await client.resume(campaign.id)).toMatchObject({ acknowledged: true, status: 'active' });
    }
    await vi.waitFor(
      () => {
        callers.end();
        expect(callers.told).toHaveLength(people);
      },
      { interval: 20 },
    );
    await campaign.handle.result();
    for (const { from, to } of silences) expect(to).toBe(from);
    expect(harness.provider.requests).toHaveLength(people);
    const runs = await runsOf(campaign.handle);
    expect(runs.length).toBeGreaterThan(3);
    // Each run answers what it has taken on before it gives way.
    for (const { history } of runs) {
      const events = history.events!;
      const taken = events.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
      const answered = events.filter((event) => event.workflowExecutionUpdateCompletedEventAttributes);
      expect(answered).toHaveLength(taken.length);
    }
  });

  it('remembers across runs that it was cancelled, and by whom', async () => {
    const campaign = await harness.start(200, { max_concurrent_calls: 60 });
    const callers = new Callers(campaign);
    await reaches(campaign, { in_flight: 60 });
    await vi.waitFor(() => expect(harness.provider.live()).toHaveLength(60));
    await campaign.handle.cancel();
    await vi.waitFor(async () => {
      callers.end({ keep: harness.provider.live().length - 1 });
      await callers.delivered();
      expect((await runsOf(campaign.handle)).length).toBeGreaterThan(1);
    });
    callers.end();
    await expect(campaign.handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) });
    expect(harness.provider.requests).toHaveLength(60);
  });
});
