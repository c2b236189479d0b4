/** P12 by the provider's ledger: ten campaigns on one connection, while everything that divides its limit is killed, frozen and edited. */
import { randomUUID } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import { SHARE_REPORTED } from '../../domain/engine/share-messages.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import { SharedConnectionHarness } from '../support/harness/shared-connection.ts';

const CAMPAIGNS = 10;
const PEOPLE = 150;
const SLOTS = 8;
const LIMIT = 12;
/** The server suggests to continue as new from about so many events on. */
const FLOOD = 4_200;
/** A placement that was decided before reaches the provider within this time. Nothing is frozen meanwhile. */
const UNDER_WAY_MS = 3_000;

/** About twice what it takes on two busy cores. */
const LONGEST_MS = 400_000;

let harness: SharedConnectionHarness;
afterEach(() => harness?.close());

/** A limit, and from when it holds for every new call. */
interface Change {
  readonly limit: number;
  readonly from: number;
}

it(
  'holds through kills, freezes, ended runs and edits of the limit, and nobody is called twice',
  async () => {
    harness = await SharedConnectionHarness.start(LIMIT, 1_300);
    const changes: Change[] = [{ limit: LIMIT, from: 0 }];
    const ids = await Promise.all(Array.from({ length: CAMPAIGNS }, (_, index) => createCampaign(index)));
    await vi.waitFor(() => expect(harness.simulator.summary().in_flight).toBe(LIMIT), { timeout: 60_000 });

    // A worker that was killed counts for two minutes, and so does the limit that it had loaded: edits come first.
    changes.push(...(await editLimit()));
    await endProcesses();
    await freezeProcesses();
    await endCoordinator();
    await pauseAndResume(ids[1]!, ids[2]!);
    await terminateAndRestart(ids[3]!);

    await vi.waitFor(
      async () => {
        for (const id of ids) expect(await harness.ringfence.campaigns.get(id)).toMatchObject({ status: 'completed' });
      },
      { timeout: 240_000, interval: 1_000 },
    );
    const { calls } = harness.simulator.ledger();
    expect(new Set(calls.map(({ key }) => key)).size).toBe(CAMPAIGNS * PEOPLE);
    expect(calls).toHaveLength(CAMPAIGNS * PEOPLE);
    for (const id of ids) expect(harness.callsOf(id)).toHaveLength(PEOPLE);
    expect(aboveLimit(changes)).toEqual([]);
  },
  LONGEST_MS,
);

it('gives a campaign of 100 beside one of 100,000 half of the connection within one call’s length', async () => {
  const longestMs = 6_000;
  harness = await SharedConnectionHarness.start(LIMIT, longestMs);
  const { folders, contacts, campaigns } = harness.ringfence;
  const folder = await folders.create({ name: 'large' });
  await contacts.import(() => rows(100_000), { folder_id: folder.id });
  const terms = { agent_id: 'agent-1', working_days: [1, 2, 3, 4, 5, 6, 7], max_concurrent_calls: 2 * LIMIT };
  const large = { ...terms, name: 'Large', contact_source: 'folder' as const, contact_folder_id: folder.id };
  const { id: largeId } = await campaigns.create(large);
  await vi.waitFor(() => expect(harness.simulator.summary().in_flight).toBe(LIMIT), { timeout: 120_000 });

  const small = await campaigns.create({ ...terms, name: 'Small', contacts: people(0, 100) });
  // It takes part from its first report on.
  await vi.waitFor(
    async () => {
      const { rowCount } = await harness.db.pool.query('select from connection_shares where campaign_id = $1', [
        small.id,
      ]);
      expect(rowCount).toBe(1);
    },
    { interval: 20 },
  );
  const reportedAt = Date.now();
  const inFlight = (id: string) => harness.callsOf(id).filter(({ ended_at }) => ended_at === null).length;
  await vi.waitFor(() => expect(inFlight(small.id)).toBe(LIMIT / 2), { interval: 20 });
  const half = harness.callsOf(small.id)[LIMIT / 2 - 1]!;
  expect(half.accepted_at - reportedAt).toBeLessThanOrEqual(longestMs + UNDER_WAY_MS);
  // Where a call has just ended, the next begins.
  await vi.waitFor(() => expect(inFlight(largeId)).toBe(LIMIT / 2), { interval: 20 });
  expect(harness.simulator.summary().peak_in_flight).toBe(LIMIT);
});

async function* rows(count: number): AsyncGenerator<Uint8Array> {
  const lines = people(1_000, count).map(({ phone_number }) => phone_number);
  yield new TextEncoder().encode(['phone_number', ...lines, ''].join('\n'));
}

/** Numbers that nobody has. */
function people(from: number, count: number): { phone_number: string }[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const area = ['415', '212', '310', '312', '617', '202', '305', '404', '713', '206', '602', '503'][
      Math.floor(number / 9_000)
    ];
    return { phone_number: `+1${area}555${String(1_000 + (number % 9_000)).padStart(4, '0')}` };
  });
}

async function createCampaign(index: number): Promise<string> {
  const { id } = await harness.ringfence.campaigns.create({
    name: `Shared ${index}`,
    agent_id: 'agent-1',
    working_days: [1, 2, 3, 4, 5, 6, 7],
    max_concurrent_calls: SLOTS,
    contacts: people(index * PEOPLE, PEOPLE),
  });
  return id;
}

async function endProcesses(): Promise<void> {
  await harness.worker(0).kill();
  await harness.startWorker(0);
  await harness.untilCalls(20);
  harness.receiveAt(1);
  await harness.gateway(0).kill();
  await harness.untilCalls(20);
  await harness.startGateway(0);
  await Promise.all([harness.worker(0).kill(), harness.worker(1).kill()]);
  await Promise.all([harness.startWorker(0), harness.startWorker(1)]);
  await harness.untilCalls(20);
}

async function freezeProcesses(): Promise<void> {
  const thawWorker = harness.freeze(harness.worker(1));
  await harness.untilCalls(20);
  thawWorker();
  const thawGateway = harness.freeze(harness.gateway(1));
  harness.receiveAt(0);
  await harness.untilCalls(20);
  thawGateway();
  await harness.untilCalls(20);
}

async function endCoordinator(): Promise<void> {
  await harness.coordinator.terminate('by hand');
  await pauseAndResumeAll();
  const { workflowId: id, runId } = await harness.coordinator.describe();
  const { events } = await harness.coordinator.fetchHistory();
  await harness.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: id, runId },
    reason: 'by hand',
    requestId: randomUUID(),
    workflowTaskFinishEventId: events!.find((event) => event.workflowTaskCompletedEventAttributes)!.eventId!,
  });
  await harness.untilCalls(20);
  const before = (await harness.coordinator.describe()).runId;
  for (let sent = 0; sent < FLOOD; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, () => harness.coordinator.signal(SHARE_REPORTED)));
  }
  await vi.waitFor(async () => expect((await harness.coordinator.describe()).runId).not.toBe(before), {
    timeout: 60_000,
    interval: 200,
  });
  await harness.untilCalls(20);
}

/** The next report starts another coordinator. */
async function pauseAndResumeAll(): Promise<void> {
  await vi.waitFor(async () => expect((await harness.coordinator.describe()).status.name).toBe('TERMINATED'));
  const { campaigns } = harness.ringfence;
  const { data } = await campaigns.list();
  await campaigns.pause(data[0]!.id);
  await campaigns.resume(data[0]!.id);
  await vi.waitFor(async () => expect((await harness.coordinator.describe()).status.name).toBe('RUNNING'));
  await harness.untilCalls(20);
}

/** Others use what paused campaigns leave. */
async function pauseAndResume(...ids: string[]): Promise<void> {
  const { campaigns } = harness.ringfence;
  await Promise.all(ids.map((id) => campaigns.pause(id)));
  await harness.untilCalls(20);
  // A busy machine is slow to take every slot again. Without the two there would be fewer by at least two.
  await vi.waitFor(() => expect(harness.simulator.summary().in_flight).toBeGreaterThan(LIMIT - ids.length), {
    interval: 20,
  });
  await Promise.all(ids.map((id) => campaigns.resume(id)));
  await harness.untilCalls(20);
}

async function terminateAndRestart(id: string): Promise<void> {
  await harness.client.workflow.getHandle(workflowId(id)).terminate('by hand');
  const { campaigns } = harness.ringfence;
  await vi.waitFor(async () => expect(await campaigns.get(id)).toMatchObject({ status: 'interrupted' }), {
    timeout: 60_000,
    interval: 200,
  });
  await harness.untilCalls(20);
  await campaigns.restart(id);
  await vi.waitFor(() => expect(harness.callsOf(id).some(({ ended_at }) => ended_at === null)).toBe(true), {
    timeout: 60_000,
  });
}

/** Up and down while it is full. */
async function editLimit(): Promise<Change[]> {
  const changes: Change[] = [];
  for (const limit of [20, 5, 14, 3, LIMIT]) {
    const raisedAt = Date.now();
    await harness.setLimit(limit);
    await harness.untilTold(limit);
    const { limit: before = LIMIT } = changes.at(-1) ?? {};
    changes.push({ limit, from: limit > before ? raisedAt : Date.now() + UNDER_WAY_MS });
    await harness.untilCalls(3 * limit);
    // More than were allowed before. Calls are short, so a busy machine may never have all of them in flight at once.
    if (limit > before) {
      await vi.waitFor(() => expect(harness.simulator.summary().in_flight).toBeGreaterThan(before), { interval: 20 });
    }
  }
  return changes;
}

/** Calls that were accepted while the limit was used up. */
function aboveLimit(changes: readonly Change[]) {
  const { calls } = harness.simulator.ledger();
  return calls.flatMap(({ key, accepted_at: at }) => {
    const inFlight = calls.filter((call) => call.accepted_at <= at && (call.ended_at ?? Infinity) > at).length;
    const { limit } = changes.findLast(({ from }) => from <= at)!;
    return inFlight > limit ? [{ key, at, inFlight, limit }] : [];
  });
}
