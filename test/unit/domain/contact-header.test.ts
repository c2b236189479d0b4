import { afterEach, describe, expect, it, vi } from 'vitest';
import { namesPhone, readHeader } from '../../../domain/contacts/contact-header.ts';

const kinds = (cells: string[]) =>
  readHeader(cells).map((column) => (column.kind === 'custom' ? `custom ${column.name}` : column.kind));

describe('readHeader', () => {
  it.each<[cells: string[], columns: string[]]>([
    [['phone_number'], ['phone_number']],
    [
      ['Phone', 'First Name', 'LAST_NAME', 'E-Mail', 'Time Zone', 'Ext.'],
      ['phone_number', 'first_name', 'last_name', 'email', 'timezone', 'extension'],
    ],
    [
      ['phoneNumber', 'firstName', 'Surname'],
      ['phone_number', 'first_name', 'last_name'],
    ],
    [['Mobile'], ['phone_number']],
    [['Telephone Number'], ['phone_number']],
    [
      ['Phone 1 - Value', 'Given Name'],
      ['phone_number', 'first_name'],
    ],
    [
      ['phone', 'custom_plan', 'Renewal Date', 'Größe'],
      ['phone_number', 'custom plan', 'custom renewal_date', 'custom größe'],
    ],
    [
      ['phone', 'custom_first_name', 'first_name'],
      ['phone_number', 'custom first_name', 'first_name'],
    ],
    [
      ['Mobile', 'phone_number'],
      ['custom mobile', 'phone_number'],
    ],
    [
      ['phone', '', ' '],
      ['phone_number', 'unnamed', 'unnamed'],
    ],
  ])('reads %j', (cells, columns) => expect(kinds(cells)).toEqual(columns));

  it.each<[cells: string[], message: RegExp]>([
    [['Phone', 'Mobile'], /"Phone", "Mobile" both stand for phone_number/],
    [['phone', 'Plan', 'custom_plan'], /"Plan", "custom_plan" both stand for custom plan/],
    [['phone', 'phone'], /both stand for phone_number/],
    [['name', 'city'], /No column holds the phone number.*"name", "city"/],
    [['phone', 'ringfence_call_id'], /column 2 cannot be a custom field/],
    [['phone', 'x'.repeat(65)], /column 2 cannot be a custom field/],
    [['phone', ...Array.from({ length: 101 }, (_, i) => `field ${i}`)], /more than 100 custom fields/],
    [Array.from({ length: 1_001 }, () => 'phone'), /more than 1000 columns/],
    [Array.from({ length: 22 }, (_, i) => `c${i}`), /"c19" and 2 more/],
  ])('refuses %j', (cells, message) => {
    expect(() => readHeader(cells)).toThrow(
      expect.objectContaining({ code: 'unparsable_file', message: expect.stringMatching(message) }),
    );
  });

  it.each([[['+14155550132', 'Ann']], [['ann@example.com', 'phone']]])(
    'sees data in the place of a header without repeating it',
    (cells) => {
      expect(() => readHeader(cells)).toThrow(
        /^The first row holds data\. Put a row of column names before it, one of them phone_number\.$/,
      );
    },
  );
});

describe('namesPhone', () => {
  it('tells a phone column from others', () => {
    expect(namesPhone(['name', 'Mobile Phone'])).toBe(true);
    expect(namesPhone(['Phone;Name', 'first'])).toBe(false);
  });
});

describe('a column name of a million characters', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['accents, which are put in order', '\u0316\u0301'.repeat(500_000)],
    ['signs that stand for many', '\ufdfa'.repeat(1_000_000)],
  ])('is not read: %s', (_, name) => {
    const read = vi.spyOn(String.prototype, 'normalize').mockReturnValue('phone');
    expect(namesPhone([name])).toBe(false);
    expect(() => readHeader([name])).toThrow(/^The name of column 1 cannot be a custom field's\./);
    expect(read).not.toHaveBeenCalled();
  });
});
