import { describe, expect, it } from 'vitest';
import { canonicalZoneName } from '../../../domain/windows/zone-name.ts';

/** How often the runtime is asked about a zone meanwhile. */
function questions(work: () => void): number {
  const { DateTimeFormat } = Intl;
  let asked = 0;
  Intl.DateTimeFormat = new Proxy(DateTimeFormat, {
    construct(target, [locale, options]: ConstructorParameters<typeof DateTimeFormat>) {
      asked += 1;
      return new target(locale, options);
    },
  });
  try {
    work();
  } finally {
    Intl.DateTimeFormat = DateTimeFormat;
  }
  return asked;
}

describe('the zones of many contacts', () => {
  it.each([
    ['exists', 'Pacific/Chatham', 'Pacific/Chatham'],
    ['is misspelt', 'Pacific/Chattham', null],
  ])('are looked up in the product’s own data, also where one %s', (_, name, canonical) => {
    const asked = questions(() => {
      for (let contact = 0; contact < 1_000; contact += 1) expect(canonicalZoneName(name)).toBe(canonical);
    });
    expect(asked).toBe(0);
  });

  it('are not looked up by names that are longer than any zone has', () => {
    expect(questions(() => expect(canonicalZoneName(`Pacific/${'x'.repeat(1_000_000)}`)).toBe(null))).toBe(0);
  });
});
