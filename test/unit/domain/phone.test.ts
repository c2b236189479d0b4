import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/examples.mobile.json' with { type: 'json' };
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Country, E164, parsePhone } from '../../../domain/contacts/phone.ts';

interface Case {
  readonly input: string;
  readonly default_country: Country | null;
  readonly e164: string | null;
  readonly extension?: string;
  readonly reason?: string;
}

const { cases } = JSON.parse(readFileSync(new URL('../../cases/phones.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};

function expected({ e164, extension, reason }: Pick<Case, 'e164' | 'extension' | 'reason'>) {
  return e164 === null ? { reason } : { e164, extension: extension ?? null };
}

describe('parsePhone', () => {
  it.each(cases)('reads "$input" with default country $default_country', (example) => {
    expect(parsePhone(example.input, example.default_country)).toEqual(expected(example));
  });

  it.each<[input: string, country: Country | null, e164: string, extension?: string]>([
    ['+39 06 698 12345', null, '+390669812345'],
    ['06 698 12345', 'IT', '+390669812345'],
    ['1 (415) 555-2671', 'US', '+14155552671'],
    ['011 44 20 7946 0958', 'US', '+442079460958'],
    ['0011 1 415 555 2671', 'AU', '+14155552671'],
    ['+44 (0)20 7946 0958', null, '+442079460958'],
    ['(+44) 20 7946 0958', null, '+442079460958'],
    ['+1\u00a0415\u2011555\u20112671', null, '+14155552671'],
    ['\u202a+14155552671\u202c', null, '+14155552671'],
    ['＋１４１５５５５２６７１', null, '+14155552671'],
    ['+١٤١٥٥٥٥٢٦٧١', null, '+14155552671'],
    ['tel:+1-415-555-2671;ext=89', null, '+14155552671', '89'],
    ['415-555-2671 x089', 'US', '+14155552671', '089'],
    ['415-555-2671 #89', 'US', '+14155552671', '89'],
    ['415-555-2671, extension 89', 'US', '+14155552671', '89'],
    ['+1 415 555 2671 x٨٩', null, '+14155552671', '89'],
    ['="+14155552671"', null, '+14155552671'],
    ["'+14155552671", null, '+14155552671'],
    ['089/11196611', 'DE', '+498911196611'],
  ])('reads %j with default country %s as %s', (input, country, e164, extension) => {
    expect(parsePhone(input, country)).toEqual({ e164, extension: extension ?? null });
  });

  it.each<[input: string, country: Country | null, reason: string]>([
    ['\u00a0\u200b', 'US', 'missing_phone'],
    ['4,479E+11', 'GB', 'spreadsheet_damaged'],
    ['4.479e11', 'GB', 'spreadsheet_damaged'],
    ['1.41556E+10', null, 'spreadsheet_damaged'],
    ['########', 'US', 'spreadsheet_damaged'],
    ['#VALUE!', 'US', 'spreadsheet_damaged'],
    ['08911196611.0', 'DE', 'invalid_phone'],
    ['4155552671,00', 'US', 'invalid_phone'],
    ['112', 'DE', 'invalid_phone'],
    ['999', 'GB', 'invalid_phone'],
    ['+911', null, 'invalid_phone'],
    ['+39 6 698 12345', null, 'invalid_phone'],
    ['00 44 20 7946 0958', 'US', 'invalid_phone'],
    ['5552671', 'US', 'invalid_phone'],
    ['1-800-FLOWERS', 'US', 'invalid_phone'],
    ['call 415-555-2671', 'US', 'invalid_phone'],
    ['415-555-2671 (home)', 'US', 'invalid_phone'],
    ['+14155552671 / +14155552672', null, 'invalid_phone'],
    ['+14155552671,+14155552672', null, 'invalid_phone'],
    ['4155552671 or 4155552672', 'US', 'invalid_phone'],
    ['0891119/0891120', 'DE', 'invalid_phone'],
    ['415-555-2671 x89 x90', 'US', 'invalid_phone'],
    ['+1415555267112345', null, 'invalid_phone'],
    [`+1${'4'.repeat(5_000)}`, null, 'invalid_phone'],
    ['0909 879 0123', 'GB', 'premium_rate'],
    ['900-555-0132', 'US', 'premium_rate'],
    ['+979 1 1234 5678', null, 'premium_rate'],
  ])('refuses %j with default country %s: %s', (input, country, reason) => {
    expect(parsePhone(input, country)).toEqual({ reason });
  });

  it('reads a valid number as the same person however it is written', () => {
    const numbers = getCountries()
      .map((country) => getExampleNumber(country, examples))
      .filter((number) => number?.isValid() === true && E164.test(number.number))
      .map((number) => number!);
    expect(numbers.length).toBeGreaterThan(200);

    const wrap = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => `  ${text}\t`,
      (text) => `\u202a${text}\u202c`,
      (text) => text.replaceAll(' ', '\u00a0'),
      (text) => text.replaceAll('-', '\u2011'),
      (text) => text.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
      (text) => text.replace(/\d/g, (digit) => String.fromCharCode(0x0660 + Number(digit))),
    );
    const spelling = fc.constantFrom('E.164', 'INTERNATIONAL', 'RFC3966', 'NATIONAL');
    const extension = fc.option(
      fc.tuple(fc.constantFrom(' x', ' ext. ', ';ext=', ' #', ', extension '), fc.stringMatching(/^\d{1,5}$/)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...numbers), spelling, wrap, extension, (number, format, wrap, extension) => {
        const text = number.format(format) + (extension?.join('') ?? '');
        expect(parsePhone(wrap(text), number.country ?? null)).toEqual({
          e164: number.number,
          extension: extension?.[1] ?? null,
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('answers every text with strict E.164 or a reason', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[+\d ().,;/x#Ee-]{0,40}$/));
    fc.assert(
      fc.property(text, fc.constantFrom(null, 'US', 'DE', 'IT', 'AU'), (input, country) => {
        const phone = parsePhone(input, country);
        if ('e164' in phone) expect(phone.e164).toMatch(E164);
        else expect(phone.reason).toMatch(/^(missing_phone|invalid_phone|premium_rate|spreadsheet_damaged)$/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a phone field of a million characters', () => {
  afterEach(() => vi.restoreAllMocks());

  it('is not read', () => {
    const read = vi.spyOn(String.prototype, 'normalize').mockReturnValue('+14155550101');
    expect(parsePhone('\u0316\u0301'.repeat(500_000), null)).toEqual({ reason: 'invalid_phone' });
    expect(read).not.toHaveBeenCalled();
  });
});

describe('Country', () => {
  it.each([
    ['us', 'US'],
    [' GB ', 'GB'],
  ])('takes %j as %s', (input, code) => expect(Country.parse(input)).toBe(code));

  it.each(['UK', 'USA', '', 'ZZ', '1'])('refuses %j', (input) => expect(Country.safeParse(input).success).toBe(false));
});
