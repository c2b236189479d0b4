/** The audit of what holds over all campaigns of a run must itself notice what it is there for. */
import { describe, expect, test } from 'vitest';
import { auditConnection, type ConnectionEvidence } from '../../chaos/audit/connection.ts';
import { forbiddenNumber, isForbidden } from '../../chaos/limits.ts';
import { person } from '../../chaos/people.ts';
import { assertAllowed } from '../../../domain/contacts/allowed-numbers.ts';

const NOON = Date.UTC(2026, 2, 18, 12);
const SECOND = 1_000;

/** Calls that were accepted at these seconds and lasted so long, each to another person. */
function calls(...seconds: readonly (readonly [at: number, lasts: number | null])[]): ConnectionEvidence['calls'] {
  return seconds.map(([at, lasts], index) => ({
    id: `call-${index}`,
    phone_number: person(index).phone_number,
    accepted_at: NOON + at * SECOND,
    ended_at: lasts === null ? null : NOON + (at + lasts) * SECOND,
  }));
}

function found(evidence: Partial<ConnectionEvidence>): string[] {
  const limits = { maxConcurrentCalls: 2, callsPerSecond: 1, numberLimit: { max: 2, hours: 1 } };
  return auditConnection({ calls: [], sent: [], ...limits, ...evidence }).map(({ promise }) => promise);
}

const requests = (lateByMs: number, ...seconds: readonly number[]) =>
  seconds.map((at) => ({ at: NOON + at * SECOND, lateByMs }));

describe('the audit of a connection finds', () => {
  test('nothing in calls that keep every limit', () => {
    expect(found({ calls: calls([0, 2], [1, 2], [2, 2], [3, null]), sent: requests(0, 0, 1, 2, 3) })).toEqual([]);
  });

  test('P12: a call too many at once, whatever campaign it is of', () => {
    expect(found({ calls: calls([0, 5], [1, 5], [2, 5], [7, 1]) })).toEqual(['P12']);
    expect(found({ calls: calls([0, null], [1, null], [100, 1]) })).toEqual(['P12']);
  });

  test('P13: a request too many in ten seconds, less what may have been read late', () => {
    const seconds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9.5];
    expect(found({ sent: requests(0, ...seconds) })).toEqual([]);
    expect(found({ sent: requests(0, ...seconds, 9.9) })).toEqual(['P13']);
    expect(found({ sent: requests(1_000, ...seconds, 9.9) })).toEqual([]);
    expect(found({ sent: requests(0, ...seconds, 10) })).toEqual([]);
  });

  test('P14: a call too many to one number within the hours', () => {
    const to = (...minutes: readonly number[]) =>
      calls(...minutes.map((minute) => [minute * 60, 1] as const)).map((call) => ({
        ...call,
        phone_number: person(0).phone_number,
      }));
    expect(found({ calls: to(0, 30, 60) })).toEqual([]);
    expect(found({ calls: to(0, 30, 59.9) })).toEqual(['P14']);
  });

  test('P15: a call to a country that is not allowed', () => {
    const [call] = calls([0, 1]);
    expect(found({ calls: [{ ...call!, phone_number: forbiddenNumber(7) }] })).toEqual(['P15']);
  });
});

test('the forbidden numbers are those that a connection to the country of the people refuses', () => {
  const terms = { name: 'truedy', countries: ['US'], numberTypes: null };
  for (const number of [forbiddenNumber(0), forbiddenNumber(9_999)]) {
    expect(isForbidden(number)).toBe(true);
    expect(() => assertAllowed([terms], number, 'phone_number')).toThrow(/does not allow calls to FR/);
  }
  expect(isForbidden(person(1).phone_number)).toBe(false);
  assertAllowed([terms], person(1).phone_number, 'phone_number');
});
