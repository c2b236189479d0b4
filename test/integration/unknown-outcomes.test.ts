import { afterEach, describe, expect, it, vi } from 'vitest';
import { total } from '../../domain/engine/tally.ts';
import { SystemHarness, type SystemHarnessOptions } from '../support/harness/system-harness.ts';

let harness: SystemHarness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

const FAST = { timeScale: 200 };
type Faults = NonNullable<NonNullable<SystemHarnessOptions['simulator']>['faults']>;

/** Runs a campaign to its end against a provider with these faults, and returns all that can be checked. */
async function run(
  people: number,
  faults: Faults,
  options: SystemHarnessOptions = {},
  terms: Parameters<SystemHarness['startCampaign']>[1] = {},
) {
  harness = await SystemHarness.start({ ...options, simulator: { ...FAST, ...options.simulator } });
  // Outages count from here on.
  harness.simulator.setFaults(faults);
  const id = await harness.startCampaign(people, { max_concurrent_calls: 8, ...terms });
  const result = await harness.result(id);
  return { id, result, ledger: harness.simulator.ledger(), calls: harness.callsOf(id) };
}

describe('a placement whose outcome is unknown', () => {
  it.each<[string, Faults]>([
    [
      'the reply is dropped after the call was accepted',
      { rules: [{ match: { nth: [2, 7, 15] }, fault: { kind: 'drop_reply', when: 'after' } }] },
    ],
    [
      'the connection breaks before the call was accepted',
      { rules: [{ match: { nth: [2, 7, 15] }, fault: { kind: 'drop_reply', when: 'before' } }] },
    ],
    [
      'a 500 follows an accepted call',
      { rules: [{ match: { nth: [2, 7, 15] }, fault: { kind: 'server_error', when: 'after' } }] },
    ],
    [
      'a 500 comes instead of a call',
      { rules: [{ match: { nth: [2, 7, 15] }, fault: { kind: 'server_error', when: 'before' } }] },
    ],
    ['the answer cannot be read', { rules: [{ match: { nth: [2, 7, 15] }, fault: { kind: 'garbled_reply' } }] }],
  ])('is resolved under the same key when %s', async (_case, faults) => {
    const { result, ledger, calls } = await run(16, { ...faults, poses: { echoes: false } });
    expect(total(result.buckets)).toBe(16);
    expect(result.buckets.completed + result.buckets.failed).toBe(16);
    expect(ledger.duplicate_keys).toBe(0);
    expect(new Set(calls.map((call) => call.key)).size).toBe(16);
    expect(ledger.peak_in_flight).toBeLessThanOrEqual(8);
  });

  it('is not taken for refused when only its repeat is', async () => {
    const { result, calls } = await run(1, {
      rules: [
        { match: { nth: 1 }, fault: { kind: 'drop_reply', when: 'after' } },
        { match: { nth: 2 }, fault: { kind: 'refuse' } },
        // Otherwise the call's events would say first which call they are of.
        { match: { on: 'get' }, fault: { kind: 'server_error' }, times: 200 },
      ],
      poses: { echoes: false },
    });
    expect(calls).toHaveLength(1);
    const { rows } = await harness!.db.pool.query('select outcome, not_placed_reason, tries from calls');
    expect(rows).toEqual([{ outcome: calls[0]!.outcome, not_placed_reason: null, tries: 3 }]);
    expect(result.buckets.completed + result.buckets.failed).toBe(1);
  });

  it('is resolved when the reply comes after the time-out', async () => {
    const faults: Faults = { rules: [{ probability: 0.3, fault: { kind: 'delay_reply', ms: 2_000 } }] };
    const { result, ledger } = await run(20, faults, { provider: { requestTimeoutMs: 500 } });
    expect(result.buckets.completed + result.buckets.failed).toBe(20);
    expect(ledger).toMatchObject({ accepted: 20, duplicate_keys: 0 });
  });

  it('is never sent again to a provider that does not honour keys; it is lost at its deadline', async () => {
    const { result, calls, ledger } = await run(
      12,
      {
        rules: [{ match: { nth: [2, 5] }, fault: { kind: 'drop_reply', when: 'after' } }],
        poses: { honours_keys: false, finds: 'nothing', echoes: false },
      },
      { provider: { keyTtlMs: 0, maxDurationS: 2, joinTimeoutS: 1 }, graceMs: 1_000 },
    );
    expect(calls).toHaveLength(12);
    expect(ledger.duplicate_keys).toBe(0);
    expect(total(result.buckets)).toBe(12);
    const { rows } = await harness!.db.pool.query("select count(*)::int as lost from calls where outcome = 'lost'");
    expect(rows[0]).toEqual({ lost: 2 });
  });

  it('is found by the variables that the provider gives back, and not sent again', async () => {
    const { ledger, result } = await run(
      16,
      {
        rules: [{ match: { nth: [1, 4, 7] }, fault: { kind: 'drop_reply', when: 'after' } }],
        poses: { finds: 'by_variables', honours_keys: false, echoes: false },
      },
      { provider: { keyTtlMs: 0 } },
    );
    expect(result.buckets.completed + result.buckets.failed).toBe(16);
    expect(ledger).toMatchObject({ accepted: 16, duplicate_keys: 0 });
    const { rows } = await harness!.db.pool.query("select count(*)::int as lost from calls where outcome = 'lost'");
    expect(rows[0]).toEqual({ lost: 0 });
  });
});

describe('trouble at the provider', () => {
  it('costs no contact an attempt, and an outage only a few tries', async () => {
    const outage = { from_ms: 0, to_ms: 8_000, how: '503' as const };
    const { id, result, ledger } = await run(40, { outages: [outage] }, {}, { max_concurrent_calls: 40 });
    expect(result.buckets.completed + result.buckets.failed).toBe(40);
    expect(ledger).toMatchObject({ accepted: 40, duplicate_keys: 0 });
    expect(harness!.callsOf(id).every((call) => call.key?.endsWith('.1'))).toBe(true);
    // Eight at the opening, then one at a time with growing pauses: not one per free slot.
    const refused = ledger.requests.filter((request) => request.on === 'place' && request.status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(16);
  });

  it('holds the whole campaign until Retry-After when it is throttled', async () => {
    const { ledger, result } = await run(20, {
      rules: [{ match: { nth: 5 }, fault: { kind: 'throttle', retry_after: 3 } }],
    });
    expect(result.buckets.completed + result.buckets.failed).toBe(20);
    expect(ledger).toMatchObject({ accepted: 20, duplicate_keys: 0 });
    const places = ledger.requests.filter((request) => request.on === 'place');
    const throttled = places.find((request) => request.status === 429)!;
    const meanwhile = places.filter((request) => request.at > throttled.at && request.at < throttled.at + 3_000);
    // Those that were under way. Without the hold the others would have come as well.
    expect(meanwhile.length).toBeLessThan(8);
  });

  it.each([401, 402, 403, 404] as const)(
    'holds the campaign and fails nobody when the account answers %i',
    async (status) => {
      harness = await SystemHarness.start({
        simulator: { ...FAST, faults: { rules: [{ fault: { kind: 'account', status } }] } },
      });
      const id = await harness.startCampaign(20, { max_concurrent_calls: 5 });
      await vi.waitFor(
        async () =>
          expect(await harness!.campaigns.progress(id)).toMatchObject({ waiting_for: 'provider', in_flight: 0 }),
        { interval: 100 },
      );
      const { buckets } = await harness.campaigns.progress(id);
      expect(buckets).toMatchObject({ pending: 20, failed: 0 });
      await vi.waitFor(
        async () =>
          expect(await harness!.api('GET', `/batch-calls/${id}`)).toMatchObject({
            data: { waiting_for: 'provider', pending: 20, failed: 0, placed_today: 0 },
          }),
        { interval: 100 },
      );
      await harness.campaigns.cancel(id);
      expect((await harness.result(id)).buckets.skipped).toBe(20);
    },
  );

  it('fails the contact that is refused for good, gives its unit of the day back, and does not try it again', async () => {
    const { result, ledger, id } = await run(
      20,
      { rules: [{ match: { phone_suffix: '03' }, fault: { kind: 'refuse' } }] },
      {},
      {
        max_calls_per_day: 60,
        retry_failed: true,
        max_retry_attempts: 3,
        retry_on: ['failed'],
        retry_delay_minutes: 0,
      },
    );
    expect(result.buckets.failed).toBeGreaterThanOrEqual(1);
    expect(ledger.duplicate_keys).toBe(0);
    const refused = ledger.requests.filter((request) => request.status === 422);
    expect(refused).toHaveLength(1);
    const { data } = await harness!.api('GET', `/batch-calls/${id}`);
    expect((data as { placed_today: number }).placed_today).toBe(ledger.accepted);
  });
});

describe('a number that is suppressed while its campaign runs', () => {
  it('is not called, although it was claimed before', async () => {
    harness = await SystemHarness.start({ simulator: { timeScale: 50 } });
    const id = await harness.startCampaign(40, { max_concurrent_calls: 2 });
    await vi.waitFor(() => expect(harness!.simulator.ledger().accepted).toBeGreaterThanOrEqual(2));
    const { rows } = await harness.db.pool.query<{ phone_number: string }>(
      'select phone_number from campaign_contacts where campaign_id = $1 and seq > 30 and claimed_in_exchange is not null',
      [id],
    );
    expect(rows.length).toBe(10);
    await harness.db.pool.query(
      "insert into suppressions (account, phone_number) select 'default', unnest($1::text[])",
      [rows.map((row) => row.phone_number)],
    );
    await harness.api('PATCH', `/batch-calls/${id}`, { max_concurrent_calls: 20 });
    const result = await harness.result(id);
    expect(result.buckets.skipped).toBe(10);
    expect(harness.callsOf(id)).toHaveLength(30);
  });
});
