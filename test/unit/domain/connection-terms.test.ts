import { describe, expect, it } from 'vitest';
import { type ConnectionTerms, dialRefusal, mayUse } from '../../../domain/dialling/connection-terms.ts';
import { callToPlace } from '../../support/factories/call-to-place.ts';

const terms = (changes: Partial<ConnectionTerms> = {}): ConnectionTerms => ({
  name: 'clinic',
  countries: ['US'],
  numberTypes: ['mobile', 'fixed_line'],
  accounts: ['acme'],
  agents: ['agent-1', 'agent-2'],
  callerNumbers: ['+14155550100', '+14155550101'],
  maxConcurrentCalls: null,
  ...changes,
});

it('is for the accounts that it names', () => {
  expect([mayUse(terms(), 'acme'), mayUse(terms(), 'other')]).toEqual([true, false]);
  expect(mayUse(terms({ accounts: null }), 'other')).toBe(true);
});

describe('a dial', () => {
  const call = callToPlace({
    callId: 'call',
    agentId: 'agent-1',
    fromNumberId: '+14155550100',
    phoneNumber: '+14155550123',
  });
  const refusal = (
    changes: Partial<ConnectionTerms>,
    { account = 'acme', ...of }: object & { account?: string } = {},
  ) => dialRefusal(terms(changes), { account, call: { ...call, ...of } });

  it.each([
    ['everything is named', {}, {}],
    ['nothing is restricted', { accounts: null, agents: null, callerNumbers: null, countries: null }, {}],
    ['the carrier chooses the caller number', {}, { fromNumberId: null }],
  ])('is allowed where %s', (_when, changes, of) => {
    expect(refusal(changes, of)).toBeNull();
  });

  it.each([
    ['country_not_allowed', {}, { phoneNumber: '+442079460958' }],
    ['number_type_not_allowed', { countries: null }, { phoneNumber: '+881612345678' }],
    ['number_type_not_allowed', { countries: null, numberTypes: null }, { phoneNumber: '+881612345678' }],
  ])('is refused for its contact alone: %s', (reason, changes, of) => {
    expect(refusal(changes, of)).toEqual({ kind: 'not_allowed', reason });
  });

  it.each([
    ['account_not_allowed', {}, { account: 'other' }],
    ['agent_not_allowed', { agents: ['agent-2'] }, {}],
    ['caller_number_not_allowed', { callerNumbers: ['+14155550101'] }, {}],
    ['agent_not_allowed', { agents: ['agent-2'] }, { phoneNumber: '+442079460958' }],
  ])('holds its campaign: %s', (reason, changes, of) => {
    expect(refusal(changes, of)).toEqual({ kind: 'blocked', reason });
  });
});
