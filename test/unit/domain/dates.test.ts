import { describe, expect, it } from 'vitest';
import { instant } from '../../../cli/options.ts';
import { readChange } from '../../../domain/api/campaign-change.ts';
import { CreateCampaign } from '../../../domain/api/campaign-request.ts';
import { nonexistentPart } from '../../../domain/engine/dates.ts';

const smallest = { name: 'x', agent_id: 'y', contacts: [{ phone_number: '+14155550132' }] };

describe('what does not exist', () => {
  it.each([
    ['2026-02-30', 'the date 2026-02-30, which does not exist'],
    ['2026-02-30T10:00:00Z', 'the date 2026-02-30, which does not exist'],
    ['2026-02-30T10:00:00', 'the date 2026-02-30, which does not exist'],
    ['2026-02-30 10:00', 'the date 2026-02-30, which does not exist'],
    ['2025-02-29T10:00:00+01:00', 'the date 2025-02-29, which does not exist'],
    ['2026-13-01T10:00:00Z', 'the date 2026-13-01, which does not exist'],
    ['2026-04-31', 'the date 2026-04-31, which does not exist'],
    ['2026-00-10', 'the date 2026-00-10, which does not exist'],
    ['2026-03-20T25:00:00Z', 'the time 25:00:00, which does not exist'],
    ['2026-03-20T23:60', 'the time 23:60, which does not exist'],
    ['2026-03-20T10:00:00+25:00', 'the offset +25:00, which does not exist'],
    ['2026-03-20T10:00-0175', 'the offset -0175, which does not exist'],
  ])('in %s is %s', (text, part) => {
    expect(nonexistentPart(text)).toBe(part);
    const named = { schedule_type: 'scheduled', scheduled_at: text };
    const issues = CreateCampaign.safeParse({ ...smallest, ...named }).error?.issues ?? [];
    expect(issues.map(({ message }) => message)).toEqual([`scheduled_at names ${part}: correct it`]);
    expect(() => readChange({ ends_at: text })).toThrow(`ends_at names ${part}: correct it`);
    expect(() => instant(text)).toThrow(`It names ${part}: correct it.`);
  });

  it.each(['2026-02-30', '2026-02-30T10:00:00Z', '2026-06-31'])('is named in blackout_dates too: %s', (date) => {
    const message = `blackout_dates names the date ${date.slice(0, 10)}, which does not exist: correct it, or leave it out`;
    const dates = { blackout_dates: ['2026-12-24', date] };
    const issues = CreateCampaign.safeParse({ ...smallest, ...dates }).error?.issues;
    expect(issues).toMatchObject([{ path: ['blackout_dates', 1], message }]);
    expect(() => readChange(dates)).toThrow(message);
  });

  it.each([
    '2028-02-29T10:00:00Z',
    '2026-03-20T14:30:00',
    '2026-03-20',
    '2026-03-20T10:00:00-12:00',
    'tomorrow',
    '20260230',
    `2026-02-30${'0'.repeat(1_000)}`,
    5,
    null,
  ])('is nothing in %s', (text) => {
    expect(nonexistentPart(text)).toBeNull();
  });

  it('is not said of an instant without an offset, nor of one too far away', () => {
    expect(() => readChange({ ends_at: '2026-03-20T14:30:00' })).toThrow(
      'ends_at must be an instant with Z or an offset',
    );
    expect(() => readChange({ ends_at: '9999-12-31T23:59:59-10:00' })).toThrow('ends_at must lie in the years');
  });
});
