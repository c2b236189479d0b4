import { describe, expect, test } from 'vitest';
import type { CallToPlace } from '../../../providers/port.ts';
import { freezeCall } from '../../../providers/retell/request.ts';
import { callLifetimeMs, RetellSettings } from '../../../providers/retell/settings.ts';

const CALL: CallToPlace = {
  callId: 'c00000000-0000-4000-8000-000000000001-7-1',
  agentId: 'agent_1',
  phoneNumber: '+14155550123',
  extension: '12',
  fromNumberId: null,
  firstName: 'Ada',
  lastName: null,
  email: 'ada@example.com',
  customFields: { plan: 'gold', first_name: 'Augusta', age: '36' },
};
const FROM = { fromNumber: '+14155550100' };
const body = (call: Partial<CallToPlace> = {}, settings = {}): unknown =>
  JSON.parse(freezeCall({ ...CALL, ...call }, { ...FROM, ...settings }));

describe('the request that Retell gets', () => {
  test('holds our id in metadata, and the contact in dynamic variables, all of them text', () => {
    expect(body()).toEqual({
      from_number: '+14155550100',
      to_number: '+14155550123',
      override_agent_id: 'agent_1',
      metadata: { ringfence_call_id: CALL.callId },
      retell_llm_dynamic_variables: {
        plan: 'gold',
        age: '36',
        first_name: 'Ada',
        email: 'ada@example.com',
        extension: '12',
      },
    });
  });

  test('is the same bytes for the same call, however its fields are ordered', () => {
    const customFields = Object.fromEntries(Object.entries(CALL.customFields).toReversed());
    expect(freezeCall({ ...CALL, customFields }, FROM)).toBe(freezeCall(CALL, FROM));
  });

  test('calls from the number that the campaign chose', () => {
    expect(body({ fromNumberId: '+14155550199' })).toMatchObject({ from_number: '+14155550199' });
  });

  test('limits the call where the connection does', () => {
    expect(body({}, { max_duration_seconds: 600, ring_seconds: 25 })).toMatchObject({
      agent_override: { agent: { max_call_duration_ms: 600_000, ring_duration_ms: 25_000 } },
    });
    expect(body({}, { ring_seconds: 25 })).toMatchObject({ agent_override: { agent: { ring_duration_ms: 25_000 } } });
  });

  test.each(['4155550123', '+04155550123', '+1 415 555 0123', '+14155550123,+14155550199', 'sip:a@b.c', ''])(
    'is not made for %j',
    (phoneNumber) => {
      expect(() => body({ phoneNumber })).toThrow(expect.objectContaining({ code: 'validation_error' }));
    },
  );

  test.each([
    [null, undefined],
    [null, 'the first one'],
    ['+1415555010x', '+14155550100'],
  ])('is made for nobody without a number to call from: %j, %j', (fromNumberId, fromNumber) => {
    expect(() => freezeCall({ ...CALL, fromNumberId }, { fromNumber })).toThrow(
      expect.objectContaining({ code: 'misconfigured', field: 'caller_numbers' }),
    );
  });
});

describe('the settings of a connection to Retell', () => {
  test('need an API key alone', () => {
    expect(RetellSettings.parse({ api_key: 'key_1' })).toEqual({
      base_url: 'https://api.retellai.com',
      api_key: 'key_1',
      request_timeout_seconds: 15,
      queue_bound_seconds: 300,
    });
  });

  test('take one key for webhooks or several', () => {
    expect(RetellSettings.parse({ api_key: 'a', webhook_keys: 'b' }).webhook_keys).toEqual(['b']);
    expect(RetellSettings.parse({ api_key: 'a', webhook_keys: ['b', 'c'] }).webhook_keys).toEqual(['b', 'c']);
  });

  test.each([
    ['api_key', { api_key: 'key with spaces' }],
    ['webhook_keys', { webhook_keys: [] }],
    ['base_url', { base_url: 'http://api.retellai.com' }],
    ['request_timeout_seconds', { request_timeout_seconds: 16 }],
    ['max_duration_seconds', { max_duration_seconds: 59 }],
    ['max_duration_seconds', { max_duration_seconds: 7_201 }],
    ['ring_seconds', { ring_seconds: 301 }],
  ])('refuse a wrong %s, without repeating it', (field, wrong) => {
    const { error } = RetellSettings.safeParse({ api_key: 'key_1', ...wrong });
    expect(error?.issues[0]?.path[0]).toBe(field);
    expect(error?.message).not.toContain('key with spaces');
  });

  test('bound a call by the longest that Retell allows, unless they send a limit', () => {
    expect(callLifetimeMs({})).toBe((300 + 7_200) * 1000);
    expect(callLifetimeMs({ max_duration_seconds: 600, ring_seconds: 25 })).toBe(625_000);
  });
});
