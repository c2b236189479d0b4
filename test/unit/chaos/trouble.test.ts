import { expect, test } from 'vitest';
import { callId } from '../../../domain/engine/ids.ts';
import type { LedgerRequest } from '../../../simulator/ledger.ts';
import { troubleOf } from '../../chaos/trouble.ts';

const OURS = '0190a000-0000-7000-8000-000000000001';
const ANOTHER = '0190a000-0000-7000-8000-000000000002';

const request = (campaignId: string, status: number | null, more: Partial<LedgerRequest> = {}): LedgerRequest => ({
  n: 1,
  at: 1_000,
  on: 'place',
  key: callId({ campaignId, seq: 3, attempt: 1 }),
  status,
  call_id: null,
  replayed: false,
  retry_after: null,
  faults: [],
  ...more,
});

const THROTTLED = { at: 1_000, kind: 'throttled', retryAfterMs: 2_000 };
const OF_THE_ACCOUNT = { at: 1_000, kind: 'account', retryAfterMs: null };
const OTHER = { at: 1_000, kind: 'other', retryAfterMs: null };

test.each([
  ['a call that was taken', request(OURS, 201), []],
  ['a reply that came late', request(OURS, 201, { faults: ['delay_reply'] }), [OTHER]],
  ['a call that was refused', request(OURS, 422), [OTHER]],
  ['an agent that is not known', request(OURS, 404, { faults: ['account'] }), [OF_THE_ACCOUNT]],
  ['a look-up that failed', request(OURS, 500, { on: 'get' }), []],
  ["another campaign's call that was taken", request(ANOTHER, 201), []],
  ["another campaign's call that was refused", request(ANOTHER, 422), []],
  ["another campaign's agent that is not known", request(ANOTHER, 404, { faults: ['account'] }), []],
  ["another campaign's limit", request(ANOTHER, 429, { retry_after: '2' }), [THROTTLED]],
  ["another campaign's refused key", request(ANOTHER, 401, { faults: ['account'] }), [OF_THE_ACCOUNT]],
  ["another campaign's server error", request(ANOTHER, 503), [OTHER]],
  ["another campaign's lost reply", request(ANOTHER, 0), [OTHER]],
  ['a request that was refused unread', request(ANOTHER, 503, { key: null }), [OTHER]],
])('%s', (_, made, trouble) => {
  expect(troubleOf(OURS, [made], [])).toEqual(trouble);
});

test('trouble on the way is noted each second, in order with what was answered', () => {
  const trouble = troubleOf(OURS, [request(OURS, 500, { at: 1_500 })], [{ from: 0, to: 2_300 }]);
  expect(trouble.map(({ at }) => at)).toEqual([0, 1_000, 1_500, 2_000, 2_300]);
});
