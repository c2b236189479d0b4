/** The checks of virtual campaigns must themselves notice what they are there for. */
import { describe, expect, test } from 'vitest';
import type { EngineSpec } from '../../../domain/engine/campaign-spec.ts';
import { newCampaign } from '../../../domain/engine/commands.ts';
import { VirtualCampaign } from '../../simulation/campaign.ts';
import { faultFree } from '../../simulation/world-model.ts';
import { openVirtualRun } from '../../simulation/virtual-run.ts';
import type { Handler } from '../../simulation/handlers.ts';
import type { LedgerCall } from '../../simulation/provider.ts';
import { Invariants } from '../../simulation/invariants.ts';
import { CAMPAIGN_ID, unseen } from '../../simulation/scenario.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const NOW = Date.parse('2026-03-02T10:00:00Z');
const provider = {
  keyTtlMs: 0,
  finds: 'nothing' as const,
  echoes: true,
  requestTimeoutMs: 2_000,
  queueBoundMs: 0,
  callLifetimeMs: 30_000,
};

function invariantsOf(changes: Partial<EngineSpec> = {}): Invariants {
  const spec: EngineSpec = {
    name: 'Scenario',
    agent_id: 'agent-1',
    connection: 'truedy',
    schedule: scheduleOf({ start_time: '09:00', end_time: '17:00', working_days: [1] }),
    scheduled_at: null,
    ends_at: null,
    max_concurrent_calls: 2,
    max_calls_per_day: 3,
    retry: { budget: 1, delayMinutes: [0], on: ['busy'] },
    ...changes,
  };
  const settings = { contacts: 10, spec, provider, graceMs: 60_000 };
  const promises = new Invariants({ ...settings, mostContacts: settings.contacts, everyTurns: 1 });
  const world = faultFree(() => ({ queueMs: 0, lengthMs: 1_000, outcome: 'completed' }));
  promises.campaign = new VirtualCampaign(
    { campaignId: CAMPAIGN_ID, startsAt: NOW, cancels: false, lookUpAfterMs: 10_000, world, ...settings },
    unseen,
  );
  return promises;
}

function call(seq: number, changes: Partial<LedgerCall> = {}): LedgerCall {
  return {
    callId: `${CAMPAIGN_ID}.${seq}.1`,
    seq,
    attempt: 1,
    acceptedAt: NOW,
    dialledAt: NOW,
    endsAt: NOW + 1_000,
    outcome: 'completed',
    accountFault: undefined,
    ended: false,
    ...changes,
  };
}

function settlement(seq: number, outcome: 'completed' | null) {
  return { seq, attempt: 1, to: 'completed' as const, reason: 'completed', outcome, at: NOW, retryAt: null };
}

function* waitsForEver(): Handler {
  yield { until: () => false };
}

describe('a promise is broken', () => {
  test('P1 by one call in flight too many, and not by as many calls one after another', () => {
    const promises = invariantsOf();
    promises.accepted(call(1), NOW);
    promises.accepted(call(2), NOW);
    promises.ended(call(1));
    promises.accepted(call(3), NOW);
    expect(() => promises.accepted(call(4), NOW)).toThrow(/^P[12]:/);
    const uncapped = invariantsOf({ max_calls_per_day: null });
    uncapped.accepted(call(1), NOW);
    uncapped.accepted(call(2), NOW);
    expect(() => uncapped.accepted(call(3), NOW)).toThrow(/^P1:/);
  });

  test('P2 by one dial too many in a day, and not by one on the next', () => {
    const promises = invariantsOf({
      max_concurrent_calls: 10,
      schedule: scheduleOf({ working_days: [1, 2, 3, 4, 5, 6, 7] }),
    });
    for (const seq of [1, 2, 3]) promises.dialled(call(seq), NOW);
    promises.dialled(call(4, { dialledAt: Date.parse('2026-03-03T00:00:00Z') }), NOW);
    expect(() => promises.dialled(call(5), NOW)).toThrow(/^P2:/);
  });

  test('P3 by a dial at the instant at which the window closes', () => {
    const closesAt = Date.parse('2026-03-02T17:00:00Z');
    invariantsOf().dialled(call(1, { dialledAt: closesAt - 1 }), NOW);
    expect(() => invariantsOf().dialled(call(1, { dialledAt: closesAt }), NOW)).toThrow(/^P3:/);
  });

  test('P4 by a call after the acknowledged pause, unless it was sent before and named, and not after the resume', () => {
    const promises = invariantsOf();
    promises.pauseAcknowledged(new Set([call(1).callId]));
    expect(() => promises.accepted(call(1), NOW)).toThrow(/^P4:/);
    expect(() => promises.accepted(call(2), NOW - 1)).toThrow(/^P4:/);
    const resumed = invariantsOf();
    resumed.pauseAcknowledged(new Set());
    resumed.resumed();
    resumed.accepted(call(1), NOW);
    const named = invariantsOf();
    named.pauseAcknowledged(new Set([call(1).callId]));
    named.accepted(call(1), NOW - 1);
  });

  test('P5 by a second call for one attempt', () => {
    const promises = invariantsOf();
    promises.accepted(call(1), NOW);
    promises.ended(call(1));
    expect(() => promises.accepted(call(1), NOW)).toThrow(/^P5:/);
  });

  test('P6 by a second settlement of one attempt', () => {
    const promises = invariantsOf();
    promises.accepted(call(1), NOW);
    promises.settled(settlement(1, 'completed'), true);
    promises.settled(settlement(1, 'completed'), false);
    expect(() => promises.settled(settlement(1, 'completed'), true)).toThrow(/^P6:/);
  });

  test('P9 by a call that is written down as none, by an outcome without a call, and by a second end', () => {
    const promises = invariantsOf();
    promises.accepted(call(1), NOW);
    expect(() => promises.settled(settlement(1, null), true)).toThrow(/^P9:/);
    expect(() => promises.settled(settlement(2, 'completed'), true)).toThrow(/^P9:/);
    promises.closed(3, 1, 'failed', 'busy');
    expect(() => promises.closed(3, 1, 'failed', 'busy')).toThrow(/^P9:/);
    expect(() => promises.closed(1, 1, 'skipped', 'cancelled')).toThrow(/^P9:/);
  });

  test('by a contact that expires before the end of the campaign', () => {
    expect(() => invariantsOf().closed(3, 1, 'skipped', 'expired')).toThrow(/^ends_at:/);
    invariantsOf({ ends_at: NOW }).closed(3, 1, 'skipped', 'expired');
  });

  test('by a run that ends while an exchange is under way or a caller waits', () => {
    const promises = invariantsOf();
    const step = { kind: 'continue_as_new', waiting: { for: null, until: null } } as const;
    const { spec } = promises.campaign.state;
    const run = openVirtualRun('run-1', CAMPAIGN_ID, newCampaign(spec, NOW), { hasRecords: true });
    promises.decided(run, step);
    run.exchanging = true;
    expect(() => promises.decided(run, step)).toThrow(/^continue-as-new: .*"exchanges":1/);
    run.exchanging = false;
    run.handlers.start(waitsForEver(), NOW);
    expect(() => promises.decided(run, step)).toThrow(/^continue-as-new: .*"callers":1/);
  });

  test('at the end, by a campaign that will never end', () => {
    expect(() => invariantsOf().concluded()).toThrow(/^progress:/);
  });
});
