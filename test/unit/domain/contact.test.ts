import { describe, expect, it } from 'vitest';
import { allowedByAny } from '../../../domain/contacts/allowed-numbers.ts';
import { ContactInput, contactFrom } from '../../../domain/contacts/contact.ts';
import { RingfenceError } from '../../../domain/engine/errors.ts';

const nobody = {
  extension: null,
  first_name: null,
  last_name: null,
  email: null,
  timezone: null,
  region: null,
  priority: null,
  not_before: null,
  custom_fields: {},
};

describe('ContactInput and contactFrom', () => {
  it('takes a number alone', () => {
    expect(contactFrom(ContactInput.parse({ phone_number: '(415) 555-0132' }), 'US')).toEqual({
      ...nobody,
      phone_number: '+14155550132',
    });
  });

  it('takes every field, trims text, puts the zone right and writes values as text', () => {
    const input = ContactInput.parse({
      phone_number: '+44 20 7946 0958',
      extension: '007',
      first_name: ' Zoë ',
      last_name: '',
      email: 'zoe@example.com',
      timezone: 'europe/london',
      priority: 2,
      not_before: '2026-03-18T14:30:00+01:00',
      custom_fields: { plan: 'gold', seats: 3, renewed: true },
    });
    expect(contactFrom(input, null)).toEqual({
      phone_number: '+442079460958',
      extension: '007',
      first_name: 'Zoë',
      last_name: null,
      email: 'zoe@example.com',
      timezone: 'Europe/London',
      region: null,
      priority: 2,
      not_before: '2026-03-18T13:30:00.000Z',
      custom_fields: { plan: 'gold', seats: '3', renewed: 'true' },
    });
  });

  it.each<[what: string, change: object]>([
    ['an unknown field', { nickname: 'Z' }],
    ['a number that is not a string', { phone_number: 14155550132 }],
    ['an extension with letters', { extension: '8a' }],
    ['an address without @', { email: 'zoe' }],
    ['a priority beyond 5', { priority: 6 }],
    ['a time without an offset', { not_before: '2026-03-18T14:30:00' }],
    ['an unknown zone', { timezone: 'Mars/Olympus' }],
    ['a NUL character', { first_name: 'Z\0' }],
    ['half a character', { first_name: '\ud800' }],
    ['text without end', { first_name: 'z'.repeat(2_001) }],
    ['a custom field that is the engine’s', { custom_fields: { ringfence_call_id: 'x' } }],
    ['a custom field without a name', { custom_fields: { '': 'x' } }],
    ['a custom field that is a list', { custom_fields: { tags: ['x'] } }],
    [
      'more custom fields than 100',
      { custom_fields: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`f${i}`, 'x'])) },
    ],
  ])('refuses %s', (_, change) => {
    expect(ContactInput.safeParse({ phone_number: '+14155550132', ...change }).success).toBe(false);
  });

  it.each([
    [{ phone_number: '123' }, 'contacts[3].phone_number', 'invalid_phone'],
    [{ phone_number: ' ' }, 'contacts[3].phone_number', 'missing_phone'],
    [{ phone_number: '+1 900 555 0132' }, 'contacts[3].phone_number', 'premium_rate'],
    [{ phone_number: '4.479E+11' }, 'contacts[3].phone_number', 'spreadsheet_damaged'],
    [{ phone_number: '+14155550132 x8', extension: '9' }, 'contacts[3].extension', 'invalid_extension'],
  ])('names the field of %j', (input, field, reason) => {
    const attempt = () => contactFrom(ContactInput.parse(input), null, 'contacts[3]');
    expect(attempt).toThrow(RingfenceError);
    expect(attempt).toThrow(expect.objectContaining({ code: 'validation_error', field, details: { reason } }));
  });

  it.each([
    ['+44 20 7946 0958', 'country_not_allowed'],
    ['+1 900 555 0132', 'number_type_not_allowed'],
  ] as const)('refuses a number that no connection allows: %s', (phone_number, code) => {
    const rule = allowedByAny([{ name: 'us', countries: ['US'], numberTypes: ['mobile'] }]);
    const attempt = () => contactFrom(ContactInput.parse({ phone_number }), null, 'contacts[3]', rule);
    expect(attempt).toThrow(expect.objectContaining({ code, field: 'contacts[3].phone_number' }));
  });

  it.each([
    ['where none can be named, proposes none', undefined, /: plus sign, country code, number\.$/],
    ['where none was named, proposes to', null, /name its country in default_country\.$/],
    ['where one was named, proposes to correct it', 'US' as const, /correct default_country, which is US\.$/],
  ])('a default country: %s', (_, defaultCountry, message) => {
    const input = ContactInput.parse({ phone_number: '0043' });
    expect(() => contactFrom(input, defaultCountry)).toThrow(message);
    expect(() => contactFrom({ ...input, phone_number: ' ' }, defaultCountry)).not.toThrow(/default_country/);
  });

  it('keeps the number out of the message', () => {
    expect(() => contactFrom(ContactInput.parse({ phone_number: '+1 212 867' }), null)).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/\d/) }),
    );
  });
});
