/** A campaign on a connection with a limit: what it places within its share, and what it reports. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CampaignState, KnownShare } from '../../../domain/engine/campaign-state.ts';
import { waitingAt } from '../../../domain/engine/gates.ts';
import { surveyInFlight } from '../../../domain/engine/in-flight.ts';
import { given, isReportDue, reported } from '../../../domain/engine/known-share.ts';
import { dialsNow } from '../../../domain/engine/pacing.ts';
import { applyShare, type DueReport, reportNow, startReport } from '../../../domain/engine/share-report.ts';
import {
  callInFlight,
  campaignState,
  CAMPAIGN_ID,
  MINUTE,
  NOON,
  type StatedCampaign,
} from '../../support/factories/campaign-state.ts';

const calls = (count: number) => Array.from({ length: count }, (_, index) => callInFlight({ seq: index + 1 }));
const known = (stated: Partial<KnownShare> = {}): KnownShare => ({
  revision: 1,
  share: 4,
  held: 4,
  report: 1,
  need: 10,
  reportedAt: NOON,
  ...stated,
});

/** Ten slots, plenty of contacts, four of the connection's calls. */
function sharing(stated: StatedCampaign & { share?: KnownShare | null } = {}): CampaignState {
  const { share = known(), ...campaign } = stated;
  return campaignState({
    ready: Array.from({ length: 20 }, (_, index) => ({ seq: 100 + index, attempt: 1 })),
    group: { moreToClaim: true },
    sharedLimits: [{ id: 'clinic', share }],
    ...campaign,
  });
}

describe('on a connection with a limit, a campaign', () => {
  it.each([
    ['places nothing before it has a share', sharing({ share: null }), 0, 'connection'],
    ['places as many calls as its share leaves', sharing({ calls: calls(1) }), 3, null],
    ['places nothing when its share is in use', sharing({ calls: calls(4) }), 0, 'connection'],
    ['places nothing while it is above a lowered share', sharing({ calls: calls(6) }), 0, 'connection'],
    ['keeps to its own limit', sharing({ share: known({ share: 20, held: 20 }), calls: calls(10) }), 0, 'slot'],
    ['does not ask for a share where there is no limit', sharing({ sharedLimits: [] }), 10, null],
  ])('%s', (_, state, placed, waits) => {
    expect(dialsNow(state, surveyInFlight(state, NOON), NOON).place).toHaveLength(placed);
    expect(waitingAt(state, NOON).for).toBe(waits);
  });

  const due = (state: CampaignState, now = NOON) =>
    reportNow(state, Object.keys(state.inFlight).length, now)?.need ?? null;
  const few = { group: { moreToClaim: false }, ready: [{ seq: 100, attempt: 1 }] };

  it.each<[string, CampaignState, number | null]>([
    ['it begins', sharing({ share: null }), 10],
    ['nothing has changed', sharing(), null],
    ['it was paused', sharing({ status: 'paused' }), 0],
    ['it was paused and has said so', sharing({ status: 'paused', share: known({ need: 0 }) }), null],
    ['it goes on', sharing({ share: known({ need: 0 }) }), 10],
    ['its limit was raised', sharing({ spec: { max_concurrent_calls: 12 } }), 12],
    ['it runs dry', sharing({ ...few, calls: calls(1) }), 2],
    ['it needs a little less than its share', sharing({ ...few, calls: calls(2), share: known({ need: 3 }) }), null],
    ['it needs less, and still more than its share', sharing({ spec: { max_concurrent_calls: 5 } }), null],
    [
      'none of many calls above a lowered share has ended',
      sharing({ share: known({ held: 8 }), calls: calls(8) }),
      null,
    ],
    ['a part of them has ended', sharing({ share: known({ held: 8 }), calls: calls(7) }), 10],
    ['there is no limit', sharing({ sharedLimits: [] }), null],
    ['another run owns its records', sharing({ share: null, superseded: true }), null],
  ])('reports when %s: %#', (_, state, need) => {
    expect(due(state)).toBe(need);
  });

  const breaker = (lastsMs: number, failures = 2) => ({
    reason: 'blocked:agent_not_found',
    since: NOON - lastsMs,
    openUntil: NOON,
    times: 3,
    failures,
  });
  const trouble = { reason: 'throttled', since: NOON - MINUTE, times: 3 };

  it.each<[string, CampaignState, number | null]>([
    ['for its own trouble that lasts', sharing({ breaker: breaker(MINUTE), calls: calls(2) }), 3],
    ['for trouble that has just begun', sharing({ breaker: breaker(MINUTE - 1) }), null],
    ['after a success', sharing({ breaker: breaker(MINUTE, 0) }), null],
    ['for trouble of its connection', sharing({ connectionWait: { until: NOON, dialled: 0, trouble } }), 1],
    ['after a dial has come through', sharing({ connectionWait: { until: NOON, dialled: 1, trouble } }), null],
  ])('leaves its share to others but for a probe %s: %#', (_, state, need) => {
    expect(due(state)).toBe(need);
  });

  it('does not report what it has just reported', () => {
    const count = fc.nat(12);
    const shares = fc.record({ share: count, above: count, need: count, inFlight: count, told: count });
    fc.assert(
      fc.property(shares, ({ share, above, need, inFlight, told }) => {
        const slots = { need, most: 12, inFlight };
        const after = reported(known({ share, held: share + above, need: told }), slots, NOON);
        const answered = given(after, {
          limitId: 'clinic',
          epoch: 1,
          revision: 1,
          share,
          held: Math.max(share, inFlight),
        });
        expect(isReportDue(answered, slots, NOON)).toBe(false);
      }),
    );
  });

  it('reports again after a minute without any share', () => {
    const state = sharing({ share: known({ share: 0, held: 0 }) });
    expect([due(state, NOON + MINUTE - 1), due(state, NOON + MINUTE)]).toEqual([null, 10]);
  });

  it('takes the newest share of its epoch, in whatever order shares arrive', () => {
    const state = sharing({ share: null });
    const slots = reportNow(state, 0, NOON)!;
    const of = { limitId: 'clinic', epoch: state.epoch };
    const { epoch } = of;
    expect(startReport(state, CAMPAIGN_ID, slots, NOON)).toMatchObject({ epoch, number: 1, revision: 0, need: 10 });
    applyShare(state, { ...of, epoch: epoch + 1, revision: 9, share: 9, held: 9 });
    applyShare(state, { ...of, revision: 2, share: 3, held: 5 });
    applyShare(state, { ...of, revision: 1, share: 5, held: 5 });
    applyShare(state, { ...of, revision: 2, share: 3, held: 4 });
    expect(state.sharedLimits[0]!.share).toMatchObject({ revision: 2, share: 3, held: 4, report: 1 });
  });

  it('adopts its records when there is no limit any more, so that it needs no share in its next epoch', () => {
    const state = sharing();
    const share = { limitId: 'clinic', epoch: state.epoch, revision: 2, share: 9, held: 9 };
    applyShare(state, { ...share, epoch: state.epoch - 1, limited: false });
    expect(state.superseded).toBe(false);
    applyShare(state, { ...share, limited: false });
    expect(state).toMatchObject({ superseded: true, sharedLimits: [{ share: { revision: 1 } }] });
    expect(reportNow(state, 0, NOON)).toBeNull();
    expect(dialsNow(state, surveyInFlight(state, NOON), NOON).place).toHaveLength(0);
  });
});

describe('under the limit of its account and that of its connection, a campaign', () => {
  const both = (account: KnownShare | null, connection: KnownShare | null, stated: StatedCampaign = {}) =>
    sharing({
      sharedLimits: [
        { id: 'account:shop', share: account },
        { id: 'clinic', share: connection },
      ],
      ...stated,
    });
  const of = (share: number, need = 10) => known({ share, held: share, need });

  it.each<[string, CampaignState, number, string | null]>([
    ['the share of the account is smaller', both(of(2), of(4)), 2, null],
    ['the share of the connection is smaller', both(of(4), of(2)), 2, null],
    ['it has no share of the account', both(null, of(4)), 0, 'account'],
    ['it has no share of the connection', both(of(4), null), 0, 'connection'],
    ['the share of the account is in use', both(of(3), of(4), { calls: calls(3) }), 0, 'account'],
    ['the share of the connection is in use', both(of(4), of(3), { calls: calls(3) }), 0, 'connection'],
  ])('keeps to both: %s', (_, state, placed, waits) => {
    expect(dialsNow(state, surveyInFlight(state, NOON), NOON).place).toHaveLength(placed);
    expect(waitingAt(state, NOON).for).toBe(waits);
  });

  it.each<[string, CampaignState, Partial<DueReport> | null]>([
    ['asks its account first', both(null, null), { limitId: 'account:shop', need: 10 }],
    ['asks its connection for what its account gives', both(of(4), null), { limitId: 'clinic', need: 4, most: 4 }],
    ['asks again when the account gives more', both(of(6), of(4, 4)), { limitId: 'clinic', need: 6 }],
    ['asks its account for all that it could use', both(of(4, 8), of(2, 4)), { limitId: 'account:shop', need: 10 }],
    ['says nothing when nothing has changed', both(of(4), of(4, 4)), null],
  ])('%s', (_, state, due) => {
    const report = reportNow(state, 0, NOON);
    if (due === null) expect(report).toBeNull();
    else expect(report).toMatchObject(due);
  });

  it('takes the shares of each apart', () => {
    const state = both(of(4), of(4, 4));
    applyShare(state, { limitId: 'clinic', epoch: state.epoch, revision: 2, share: 1, held: 4 });
    applyShare(state, { limitId: 'another', epoch: state.epoch, revision: 9, share: 9, held: 9 });
    expect(state.sharedLimits.map(({ share }) => share?.share)).toEqual([4, 1]);
  });
});
