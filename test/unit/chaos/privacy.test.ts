import { describe, expect, test } from 'vitest';
import { personalDataAt, textsIn } from '../../chaos/audit/privacy.ts';
import { person } from '../../chaos/people.ts';
import { NOON } from '../../support/factories/chaos-evidence.ts';

describe('the search for personal data', () => {
  const { phone_number, first_name, email } = person(417);

  test.each([
    ['a number in E.164', `to ${phone_number}.`, 1],
    ['a number without its plus', `"${phone_number.slice(1)}"`, 1],
    ['a national number', `(${phone_number.slice(2)})`, 1],
    ['a name', `Hello ${first_name}!`, 1],
    ['an address', `<${email.toUpperCase()}>`, 1],
    ['digits around a number', `9${phone_number.slice(1)}`, 0],
    ['an instant', String(NOON), 0],
    ['somebody else', '+14155552671, quillon@mail.example', 0],
  ])('knows %s', (_name, text, findings) => {
    const found = personalDataAt('here', text);
    expect(found).toHaveLength(findings);
    for (const { text: evidence } of found) expect(personalDataAt('there', evidence)).toEqual([]);
  });

  test('reads structures to the bottom, bytes as text', () => {
    const texts = [...textsIn({ a: [{ b: Buffer.from(first_name) }], [email]: null, n: 4 })];
    expect(texts).toContain(first_name);
    expect(texts).toContain(email);
  });
});
