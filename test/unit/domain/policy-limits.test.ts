import { describe, expect, it, test } from 'vitest';
import { contactPlace } from '../../../domain/contacts/contact-place.ts';
import { conversationHold, laterHold } from '../../../domain/dialling/number-limits.ts';
import { policiesNamed } from '../../../domain/windows/policies/built-in.ts';
import { policyLimits } from '../../../domain/windows/policies/frequency.ts';
import { Policy } from '../../../domain/windows/policies/policy.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 2, 18, 12);
const FLORIDA = '+13055550101';
const NEW_YORK = '+12125550101';

describe('the limits that policies add for a contact', () => {
  const limitsAt = (names: string[], region: string | null, number: string) =>
    policyLimits(policiesNamed(names), contactPlace(region, number), NOON);

  it('are those of the policies that hold where the number is', () => {
    expect(limitsAt(['us-fl', 'us-reg-f'], null, FLORIDA)).toMatchObject({
      policies: [{ name: 'us-fl' }, { name: 'us-reg-f' }],
      limits: [
        { max: 3, hours: 24, policy: 'us-fl' },
        { max: 7, hours: 168, policy: 'us-reg-f' },
      ],
      pauses: [{ hours: 168, policy: 'us-reg-f' }],
    });
    expect(limitsAt(['us-fl'], null, NEW_YORK)).toEqual({ policies: [], limits: [], pauses: [] });
  });

  it('go by the region of the row before the number', () => {
    expect(limitsAt(['us-fl'], 'US-FL', NEW_YORK).limits).toHaveLength(1);
    expect(limitsAt(['us-fl'], 'US-NY', FLORIDA).limits).toEqual([]);
    // Of the country alone, any of its states may be meant.
    expect(limitsAt(['us-fl'], 'US', NEW_YORK).limits).toHaveLength(1);
  });

  const dated = Policy.parse({
    name: 'dated',
    version: '1',
    title: 'A year',
    places: ['US'],
    purpose: 'all calls',
    frequency: [{ max: 1, hours: 24 }],
    valid_from: '2026-01-01',
    valid_to: '2026-12-31',
    source: { text: 'A year', url: 'https://example.com', read: '2026-01-01' },
  });
  test.each([
    ['2025-12-31T00:00:00Z', 0],
    // It is the first of January in the easternmost zone.
    ['2025-12-31T10:00:00Z', 1],
    ['2027-01-01T11:00:00Z', 1],
    ['2027-01-02T00:00:00Z', 0],
  ])('hold at %s by their dates: %i', (at, limits) => {
    expect(policyLimits([dated], null, Date.parse(at)).limits).toHaveLength(limits);
  });
});

describe('a conversation', () => {
  const pauses = [
    { hours: 24, policy: 'short' },
    { hours: 168, policy: 'us-reg-f' },
  ];
  const limit = 'none for 168 hours after a conversation (us-reg-f)';

  it.each<[string, number | 'now' | null, number | null]>([
    ['that never took place holds nothing', null, null],
    ['holds the number for the longest pause', NOON - HOUR, NOON + 167 * HOUR],
    ['that is long ago holds nothing', NOON - 168 * HOUR, null],
    ['that may be going on is asked about again in a minute', 'now', NOON + 60_000],
  ])('%s', (_, last, until) => {
    expect(conversationHold(pauses, last, NOON)).toEqual(until === null ? null : { until, limit });
    expect(conversationHold([], last, NOON)).toBeNull();
  });

  it('counts beside other limits: the one that ends last holds', () => {
    const early = { until: NOON, limit: 'early' };
    const late = { until: NOON + 1, limit: 'late' };
    expect([laterHold(early, late), laterHold(late, early), laterHold(null, late)]).toEqual([late, late, late]);
  });
});
