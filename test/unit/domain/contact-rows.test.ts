import { describe, expect, it } from 'vitest';
import { allowedByAny } from '../../../domain/contacts/allowed-numbers.ts';
import { readHeader } from '../../../domain/contacts/contact-header.ts';
import { rowReader } from '../../../domain/contacts/contact-rows.ts';

const read = rowReader(readHeader(['phone', 'ext', 'first_name', 'email', 'timezone', 'plan', '']), 'US');

describe('rowReader', () => {
  it('reads a full row', () => {
    expect(read(2, ['(415) 555-0132', '12', ' Ann ', 'a@example.com', 'america/new_york', 'gold', ''])).toEqual({
      row: 2,
      contact: {
        phone_number: '+14155550132',
        extension: '12',
        first_name: 'Ann',
        last_name: null,
        email: 'a@example.com',
        timezone: 'America/New_York',
        region: null,
        priority: null,
        not_before: null,
        custom_fields: { plan: 'gold' },
      },
    });
  });

  it('reads a country or state, and refuses the letters of a state alone, which would be taken for a country', () => {
    const readRegion = rowReader(readHeader(['phone', 'region']), null);
    const read = (region: string) => readRegion(2, ['+14155550132', region]);
    expect(read('US-FL')).toMatchObject({ contact: { region: 'US-FL' } });
    expect(read('XK')).toMatchObject({ contact: { region: 'XK' } });
    for (const region of ['US-DC', 'US-PR', 'CA-YT', 'AU-VIC', 'BR-DF', 'MX-CMX', 'FR-974', 'GB-SCT'])
      expect(read(region)).toMatchObject({ contact: { region } });
    // A state that its country does not have would come under no policy of the state that was meant.
    for (const region of ['FL', 'UK', 'us', 'Florida', 'US-FLA', 'CA-TOR', 'AU-MEL', 'BR-XX', 'MX-MC'])
      expect(read(region)).toMatchObject({ reason: 'invalid_region' });
  });

  it('reads a priority and a time, and refuses others', () => {
    const readTimes = rowReader(readHeader(['phone', 'priority', 'Not before']), null);
    const reasons = (priority: string, notBefore: string) => readTimes(2, ['+14155550132', priority, notBefore]);
    expect(reasons('1', '2026-03-18T14:30:00+01:00')).toMatchObject({
      contact: { priority: 1, not_before: '2026-03-18T13:30:00.000Z' },
    });
    expect(reasons('', '')).toMatchObject({ contact: { region: null, priority: null, not_before: null } });
    for (const priority of ['0', '6', '1.5', 'high']) {
      expect(reasons(priority, '')).toMatchObject({ reason: 'invalid_priority' });
    }
    for (const time of ['2026-03-18', '2026-03-18T14:30:00', '2026-02-30T14:30:00Z', '0000-01-01T00:00:00Z', 'soon']) {
      expect(reasons('', time)).toMatchObject({ reason: 'invalid_not_before' });
    }
  });

  it('reads a short row, and leaves blank cells out', () => {
    expect(read(3, ['+14155550132', '', ' '])).toMatchObject({
      contact: { extension: null, first_name: null, timezone: null, custom_fields: {} },
    });
  });

  it('takes empty cells beyond the header as nothing', () => {
    expect(read(4, ['+14155550132', '', '', '', '', '', '', '', ' '])).toHaveProperty('contact');
  });

  it.each<[reason: string, cells: string[]]>([
    ['missing_phone', ['', '', 'Ann']],
    ['missing_phone', ['']],
    ['invalid_phone', ['911']],
    ['premium_rate', ['900-555-0132']],
    ['number_type_not_allowed', ['+870 773 123 456']],
    ['spreadsheet_damaged', ['4.15555E+9']],
    ['invalid_extension', ['+14155550132', '12a']],
    ['invalid_extension', ['+14155550132 x1', '2']],
    ['invalid_timezone', ['+14155550132', '', '', '', 'Mars/Olympus']],
    ['invalid_timezone', ['+14155550132', '', '', '', 'BST']],
    ['invalid_email', ['+14155550132', '', '', 'ann at example']],
    ['invalid_text', ['+14155550132', '', 'a'.repeat(2_001)]],
    ['too_many_fields', ['+14155550132', '', '', '', '', '', 'value of an unnamed column']],
    ['too_many_fields', ['+14155550132', '', '', '', '', '', '', 'beyond']],
  ])('reports %s for %j', (reason, cells) => {
    expect(read(9, cells)).toEqual({ row: 9, phone: cells[0], reason });
  });

  it('reports a number that no connection allows', () => {
    const rule = allowedByAny([{ name: 'us', countries: ['US'], numberTypes: ['mobile'] }]);
    const readAllowed = rowReader(readHeader(['phone']), 'US', rule);
    const reasons = ['415-555-0132', '900-555-0132', '+44 20 7946 0958'].map((phone) => readAllowed(2, [phone]));
    expect(reasons).toEqual([
      { row: 2, contact: expect.anything() },
      { row: 2, phone: '900-555-0132', reason: 'number_type_not_allowed' },
      { row: 2, phone: '+44 20 7946 0958', reason: 'country_not_allowed' },
    ]);
  });

  it('looks at none of the cells beyond the header where there are more than any file has columns', () => {
    let looked = 0;
    const cells = new Proxy(['+14155550132', ...Array.from({ length: 500_000 }, () => '')], {
      get(target, key) {
        if (typeof key === 'string' && Number(key) > 6) looked += 1;
        return Reflect.get(target, key) as unknown;
      },
    });
    expect(read(6, cells)).toEqual({ row: 6, phone: '+14155550132', reason: 'too_many_fields' });
    expect(looked).toBe(0);
  });

  it('cuts a phone field that is a novel', () => {
    expect(read(5, ['x'.repeat(3_000)])).toEqual({ row: 5, phone: 'x'.repeat(64), reason: 'invalid_text' });
  });
});
