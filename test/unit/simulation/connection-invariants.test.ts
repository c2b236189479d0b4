/** The checks of a connection over its campaigns must themselves notice what they are there for. */
import { describe, expect, test } from 'vitest';
import type { EngineSpec } from '../../../domain/engine/campaign-spec.ts';
import { newCampaign } from '../../../domain/engine/commands.ts';
import type { Shareholder } from '../../../domain/engine/shares.ts';
import { ConnectionInvariants } from '../../simulation/connection-invariants.ts';
import { SharedLimitInvariants } from '../../simulation/shared-limit-invariants.ts';
import type { LedgerCall } from '../../simulation/provider.ts';
import { idOfCampaign } from '../../simulation/scenario.ts';
import { openVirtualRun } from '../../simulation/virtual-run.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const NOW = Date.parse('2026-03-02T10:00:00Z');
const A = idOfCampaign(0);
const B = idOfCampaign(1);

class SharedLimit {
  now = NOW;
  readonly promises: SharedLimitInvariants;

  constructor(limit: number) {
    this.promises = new SharedLimitInvariants({
      limitId: 'truedy',
      limit,
      longestCallMs: 30_000,
      now: () => this.now,
      isInOutage: () => false,
    });
  }

  divide(limit: number, ...shares: readonly (readonly [string, number, number])[]): void {
    this.promises.divided(
      limit,
      shares.map(([campaignId, revision, share]) => holder(campaignId, revision, share)),
    );
  }

  /** The campaign knows this revision, and starts a call to its contact `seq`. */
  start(campaignId: string, revision: number, seq: number): void {
    const run = openVirtualRun('run-1', campaignId, newCampaign(spec, NOW), { hasRecords: true });
    run.state.epoch = 1;
    const share = { revision, share: 9, held: 9, report: 1, need: 9, reportedAt: NOW };
    run.state.sharedLimits = [{ id: 'truedy', share }];
    this.promises.decided(run, {
      kind: 'work',
      waiting: { for: null, until: null },
      cancelPlacements: false,
      place: [{ seq, attempt: 1 }],
      repeat: [],
      lookUp: [],
      exchange: null,
      report: null,
      wakeAt: null,
    });
  }

  accept(campaignId: string, seq: number): void {
    this.promises.accepted(campaignId, { callId: `${campaignId}.${seq}.1` } as LedgerCall);
  }
}

const spec: EngineSpec = {
  name: 'Scenario',
  agent_id: 'agent-1',
  connection: 'truedy',
  schedule: scheduleOf({}),
  scheduled_at: null,
  ends_at: null,
  max_concurrent_calls: 9,
  max_calls_per_day: null,
  retry: { budget: 0, delayMinutes: [0], on: [] },
};

function holder(campaignId: string, revision: number, share: number): Shareholder {
  return { campaignId, epoch: 1, report: 1, need: 9, share, held: share, revision, told: 0 };
}

describe('a promise over campaigns is broken', () => {
  test('P12 by a call too many in flight, of whichever campaign', () => {
    const shared = new SharedLimit(2);
    shared.divide(2, [A, 1, 1], [B, 1, 1]);
    shared.start(A, 1, 1);
    shared.start(B, 1, 1);
    shared.start(B, 1, 2);
    shared.accept(A, 1);
    shared.accept(B, 1);
    expect(() => shared.accept(B, 2)).toThrow(/^P12: .*3 calls in flight, 2 allowed/);
  });

  test('P12 by a call that starts when its campaign knows of a lower limit, and not before', () => {
    const lowered = (revision: number): SharedLimit => {
      const shared = new SharedLimit(2);
      shared.divide(2, [A, 1, 2]);
      shared.start(A, 1, 1);
      shared.accept(A, 1);
      shared.divide(1, [A, 2, 0]);
      shared.start(A, revision, 2);
      return shared;
    };
    lowered(1).accept(A, 2);
    expect(() => lowered(2).accept(A, 2)).toThrow(/^P12: .*2 calls in flight, 1 allowed/);
  });

  test('P12 by a call that starts under a share which nobody gave', () => {
    const shared = new SharedLimit(2);
    shared.divide(2, [A, 1, 2]);
    expect(() => shared.start(B, 1, 1)).toThrow(/^P12:/);
  });

  test('P12 by more calls of a campaign than its row says', () => {
    const shared = new SharedLimit(2);
    shared.promises.heldBy = () => 0;
    shared.divide(2, [A, 1, 1]);
    shared.start(A, 1, 1);
    expect(() => shared.accept(A, 1)).toThrow(/^P12: .*of 0 held/);
  });

  test('P13 by a dial too many in ten seconds, and not by one after them', () => {
    let now = NOW;
    const promises = (callsPerSecond: number | null) =>
      new ConnectionInvariants({ callsPerSecond, numbers: null, days: null, now: () => now });
    const half = promises(0.5);
    const sendAt = (second: number): void => {
      now = NOW + second * 1_000;
      half.sent();
    };
    for (const second of [0, 0, 1, 2, 3, 9, 10, 10, 11, 12]) sendAt(second);
    expect(() => sendAt(12.999)).toThrow(/^P13:/);
    const without = promises(null);
    for (let dial = 0; dial < 100; dial++) without.sent();
  });

  test('P14 by a call too many to one number in its hours, and not by one after them', () => {
    let now = NOW;
    const numbers = { limits: [{ max: 2, hours: 1 }], of: () => 1 };
    const promises = new ConnectionInvariants({ callsPerSecond: null, numbers, days: null, now: () => now });
    const accept = (minute: number): void => {
      now = NOW + minute * 60_000;
      promises.accepted({ callId: `${A}.${minute}.1`, seq: minute } as LedgerCall);
    };
    for (const minute of [0, 30, 60]) accept(minute);
    expect(() => accept(89)).toThrow(/^P14: .*3 calls to one number/);
  });

  test('the limit of an account by a call too many on a civil day, and not by one on the next', () => {
    let now = NOW;
    const days = { limit: 2, timezone: 'UTC' };
    const promises = new ConnectionInvariants({ callsPerSecond: null, numbers: null, days, now: () => now });
    const call = { callId: `${A}.1.1`, seq: 1 } as LedgerCall;
    for (const hours of [0, 0, 24, 24]) {
      now = NOW + hours * 3_600_000;
      promises.accepted(call);
      promises.dialled(call);
    }
    expect(() => promises.dialled(call)).toThrow(/^account day: .*3 calls on/);
  });

  test('by a campaign that waits for a share for ever', () => {
    const shared = new SharedLimit(1);
    expect(() => {
      for (let minute = 0; minute < 100; minute++) {
        shared.now = NOW + minute * 60_000;
        shared.divide(1, [A, 1, 1], [B, 0, 0]);
      }
    }).toThrow(/^fairness:/);
  });
});
