import { getCountries, getExampleNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, it } from 'vitest';
import {
  allowedByAny,
  type AllowedNumbers,
  assertAllowed,
  numberRefusal,
  USUAL_KINDS,
} from '../../../domain/contacts/allowed-numbers.ts';
import { factsOf, NUMBER_KINDS, numberFacts, type NumberKind } from '../../../domain/contacts/number-kind.ts';
import { parsePhone } from '../../../domain/contacts/phone.ts';

/** Kinds that nobody gets without naming them, with a number of each. */
const COSTLY: readonly (readonly [what: string, number: string, kind: NumberKind])[] = [
  ['Inmarsat', '+870773123456', 'satellite'],
  ['Iridium', '+881612345678', 'satellite'],
  ['Globalstar', '+881912345678', 'satellite'],
  ['EMSat', '+88213012345', 'satellite'],
  ['Thuraya', '+8821612345678', 'satellite'],
  ['a ship', '+882321234567', 'satellite'],
  ['an aircraft', '+88299123456', 'satellite'],
  ['a satellite telephone of Canada', '+16002001234', 'satellite'],
  ['a satellite telephone of Australia', '+61147123456', 'satellite'],
  ['a satellite telephone of Russia', '+79541234567', 'satellite'],
  ['US premium rate', '+19005550123', 'premium_rate'],
  ['British premium rate', '+449012345678', 'premium_rate'],
  ['Swiss premium rate', '+41900123456', 'premium_rate'],
  ['French shared cost', '+33810123456', 'shared_cost'],
  ['Austrian shared cost', '+43820123456', 'shared_cost'],
  ['international shared cost', '+80812345678', 'shared_cost'],
  ['a British personal number', '+447012345678', 'personal_number'],
  ['a US personal number', '+15005550006', 'personal_number'],
  ['a German personal number', '+4970012345678', 'personal_number'],
  ['a universal personal number', '+878101234567890', 'personal_number'],
  ['a British pager', '+447640123456', 'pager'],
  ['an area code that does not exist', '+19995550123', 'unknown'],
  ['a country code that does not exist', '+9991234567', 'unknown'],
];

const connection = (changes: Partial<AllowedNumbers>): AllowedNumbers => ({
  name: 'clinic',
  countries: null,
  numberTypes: null,
  ...changes,
});
const verdict = (allowed: AllowedNumbers, number: string) =>
  numberRefusal(allowed, numberFacts(number))?.reason ?? 'allowed';

describe('what may be called where no kind is named', () => {
  it.each(COSTLY)('is not %s', (_what, number) => {
    expect(verdict(connection({}), number)).toBe('number_type_not_allowed');
  });

  it.each(COSTLY)('is %s where its kind is named', (_what, number, kind) => {
    expect(numberFacts(number).kinds).toEqual([kind]);
    expect(verdict(connection({ numberTypes: [kind] }), number)).toBe('allowed');
    const others = NUMBER_KINDS.filter((known) => known !== kind);
    expect(verdict(connection({ numberTypes: others }), number)).toBe('number_type_not_allowed');
  });

  it.each([
    ['+14155550123', ['fixed_line', 'mobile']],
    ['+61491570006', ['mobile']],
    ['+442079460958', ['fixed_line']],
    ['+18005550123', ['toll_free']],
    ['+883510001234567', ['voip']],
  ])('is %s, %s', (number, kinds) => {
    expect(numberFacts(number).kinds).toEqual(kinds);
    expect(verdict(connection({}), number)).toBe('allowed');
  });

  it('is the mobile number of every country', () => {
    const numbers = getCountries().flatMap((country) => getExampleNumber(country, examples) ?? []);
    expect(numbers.length).toBeGreaterThan(200);
    for (const { number } of numbers) expect([number, verdict(connection({}), number)]).toEqual([number, 'allowed']);
  });
});

it('a number has the same facts however it was read', () => {
  for (const country of getCountries()) {
    const national = getExampleNumber(country, examples)!;
    const read = parsePhoneNumberFromString(national.formatNational(), country)!;
    expect(factsOf(read)).toEqual(numberFacts(national.number));
  }
});

describe('the country of a number', () => {
  it.each([
    ['named', ['GB', 'US'], '+442079460958', 'allowed'],
    ['not named', ['US', 'CA'], '+442079460958', 'country_not_allowed'],
    ['not named, beside one under the same country code', ['US', 'CA'], '+18765550123', 'country_not_allowed'],
    ['not named, and of a costly kind', ['US'], '+449012345678', 'country_not_allowed'],
    ['none, and "001" is not named', ['US'], '+883510001234567', 'country_not_allowed'],
    ['none, and "001" is named', ['001'], '+883510001234567', 'allowed'],
    ['none, and of a costly kind', ['US'], '+881612345678', 'number_type_not_allowed'],
  ])('%s', (_what, countries, number, expected) => {
    expect(verdict(connection({ countries }), number)).toBe(expected);
  });
});

describe('a refusal', () => {
  it('names the field, the connection, what is refused and the remedy, and no number', () => {
    const refused = () =>
      assertAllowed([connection({ countries: ['US'] })], '+442079460958', 'contacts[3].phone_number');
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'country_not_allowed',
        field: 'contacts[3].phone_number',
        details: { country: 'GB' },
        message: expect.stringMatching(/connection clinic .* GB: add it to "countries" \(TRUEDY_COUNTRIES\)/),
      }),
    );
    expect(refused).toThrow(expect.objectContaining({ message: expect.not.stringContaining('7946') }));
    expect(() => assertAllowed([connection({})], '+881612345678', '--to')).toThrow(
      expect.objectContaining({
        code: 'number_type_not_allowed',
        details: { country: '001', number_types: ['satellite'] },
        message: expect.stringMatching(/kind satellite: add it to "number_types" \(TRUEDY_NUMBER_TYPES\)/),
      }),
    );
  });
});

describe('a contact whose campaign is not known yet', () => {
  const american = connection({ name: 'us', countries: ['US'], numberTypes: ['mobile'] });
  const british = connection({ name: 'uk', countries: ['GB'], numberTypes: ['fixed_line', 'premium_rate'] });

  it.each([
    ['the first connection allows', '+14155550123', 'allowed'],
    ['the second connection allows', '+442079460958', 'allowed'],
    ['of a kind that only the connection of another country allows', '+19005550123', 'number_type_not_allowed'],
    ['of a kind that the connection of its country does not allow', '+447400123456', 'number_type_not_allowed'],
    ['of a country that none allows', '+61491570006', 'country_not_allowed'],
  ])('may have a number %s', (_what, number, expected) => {
    const facts = numberFacts(number);
    expect(allowedByAny([american, british])(facts)?.reason ?? 'allowed').toBe(expected);
    expect(allowedByAny([british, american])(facts)?.reason ?? 'allowed').toBe(expected);
  });

  it('may have the usual kinds of numbers where there is no connection', () => {
    for (const [, number, kind] of COSTLY) {
      expect(allowedByAny([])(numberFacts(number))?.reason).toBe(
        kind === 'premium_rate' ? 'premium_rate' : 'number_type_not_allowed',
      );
    }
    expect(USUAL_KINDS).not.toContain('voicemail');
    expect(allowedByAny([])(numberFacts('+14155550123'))).toBeNull();
  });

  it('is told premium_rate only where no connection names kinds', () => {
    const facts = numberFacts('+19005550123');
    expect(allowedByAny([connection({})])(facts)).toEqual({ reason: 'premium_rate' });
    expect(allowedByAny([american])(facts)).toMatchObject({ reason: 'number_type_not_allowed' });
    expect(allowedByAny([connection({ numberTypes: ['premium_rate'] })])(facts)).toBeNull();
  });
});

describe('a phone field', () => {
  const naming = (...numberTypes: NumberKind[]) => allowedByAny([connection({ numberTypes })]);

  it.each([
    ['+1 900 555 0132', naming('mobile', 'premium_rate'), '+19005550132'],
    ['+870 773 123 456', naming('satellite'), '+870773123456'],
    ['+1 999 555 0123', naming('mobile', 'unknown'), '+19995550123'],
  ])('%s is read where its kind is named', (text, rule, e164) => {
    expect(parsePhone(text, null, rule)).toEqual({ e164, extension: null });
  });

  it.each([
    ['a number in no numbering plan, where that is not named', '+1 999 555 0123', naming('mobile')],
    ['a number in no numbering plan that is not written in full', '(999) 555-0123', naming('unknown')],
    ['a number with a digit too few', '+1 415 555 012', naming('unknown')],
    ['two numbers', '+14155552671 / +14155552672', naming('unknown')],
    ['an emergency number', '911', naming('unknown')],
  ])('%s is not a phone number', (_what, text, rule) => {
    expect(parsePhone(text, 'US', rule)).toEqual({ reason: 'invalid_phone' });
  });
});
