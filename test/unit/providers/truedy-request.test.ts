import { describe, expect, test } from 'vitest';
import { callId } from '../../../domain/engine/ids.ts';
import type { CallToPlace } from '../../../providers/port.ts';
import { TruedyConfig } from '../../../providers/truedy/config.ts';
import { freezeCall } from '../../../providers/truedy/request.ts';

const SETTINGS = { maxDurationS: 1_800, joinTimeoutS: 30 };
const CALL: CallToPlace = {
  callId: callId({ campaignId: '00000000-0000-4000-8000-000000000001', seq: 1, attempt: 1 }),
  agentId: 'agent_1',
  phoneNumber: '+390612345678',
  extension: null,
  fromNumberId: null,
  firstName: null,
  lastName: null,
  email: null,
  customFields: {},
};

describe('the request as frozen', () => {
  test('a call with everything', () => {
    const frozen = freezeCall(
      {
        ...CALL,
        fromNumberId: 'pn_1',
        firstName: 'Ada',
        lastName: 'Löv"lace',
        email: 'ada@example.com',
        extension: '042',
        customFields: { plan: 'gold', balance: '007' },
      },
      SETTINGS,
    );
    expect(JSON.parse(frozen)).toEqual({
      agent_id: 'agent_1',
      phone_number: '+390612345678',
      from_number: 'pn_1',
      variables: {
        ringfence_call_id: CALL.callId,
        first_name: 'Ada',
        last_name: 'Löv"lace',
        email: 'ada@example.com',
        extension: '042',
        plan: 'gold',
        balance: '007',
      },
      call_settings: { max_duration: '1800s', join_timeout: '30s' },
    });
  });

  test('what is not known is left out', () => {
    const body = JSON.parse(freezeCall(CALL, SETTINGS)) as Record<string, unknown>;
    expect(Object.keys(body)).toEqual(['agent_id', 'phone_number', 'variables', 'call_settings']);
    expect(body.variables).toEqual({ ringfence_call_id: CALL.callId });
  });

  test('the order in which custom fields were given does not change a byte', () => {
    const one = freezeCall({ ...CALL, customFields: { b: '1', a: '2', 10: 'x' } }, SETTINGS);
    const other = freezeCall({ ...CALL, customFields: { 10: 'x', a: '2', b: '1' } }, SETTINGS);
    expect(one).toBe(other);
  });

  test("custom fields take no one else's place", () => {
    const customFields = { ringfence_call_id: 'mine', first_name: 'Mallory', ['__proto__']: 'x' };
    const { variables } = JSON.parse(freezeCall({ ...CALL, firstName: 'Ada', customFields }, SETTINGS)) as {
      variables: Record<string, string>;
    };
    expect(variables).toMatchObject({ ringfence_call_id: CALL.callId, first_name: 'Ada' });
    expect(Object.getPrototypeOf(variables)).toBe(Object.prototype);
  });

  test.each([
    '',
    '14155550123',
    '+0123456789',
    '+1415555012a',
    '+1 415 555 0123',
    '+14155550123,+14155550124',
    '+1',
    '+1234567890123456',
    '+14155550123\n',
  ])('a number that is not strict E.164 is refused and not repeated: %j', (phoneNumber) => {
    let error: unknown;
    try {
      freezeCall({ ...CALL, phoneNumber }, SETTINGS);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'validation_error', field: 'phone_number' });
    if (phoneNumber.length > 2) expect(JSON.stringify([error, String(error)])).not.toContain(phoneNumber);
  });
});

describe('configuration', () => {
  const GIVEN = { baseUrl: 'https://api.example.com/api/public/v1/', apiKey: 'key', webhookSecrets: ['whsec_1'] };

  test('defaults', () => {
    expect(TruedyConfig.parse(GIVEN)).toMatchObject({
      baseUrl: 'https://api.example.com/api/public/v1',
      requestTimeoutMs: 10_000,
      queueBoundMs: 30_000,
      maxDurationS: 1_800,
      joinTimeoutS: 30,
      keyTtlMs: 600_000,
    });
  });

  test.each([
    ['baseUrl', { baseUrl: 'ftp://example.com' }],
    ['baseUrl', { baseUrl: 'http://api.example.com' }],
    ['baseUrl', { baseUrl: 'example' }],
    ['apiKey', { apiKey: 'two words' }],
    ['apiKey', { apiKey: 'x\r\nx-evil: 1' }],
    ['webhookSecrets', { webhookSecrets: [] }],
    ['webhookSecrets', { webhookSecrets: ['secret'] }],
    ['requestTimeoutMs', { requestTimeoutMs: 0 }],
  ])('refused: %s %j', (field, change) => {
    const issues = TruedyConfig.safeParse({ ...GIVEN, ...change }).error?.issues ?? [];
    expect(issues.map(({ path }) => path[0])).toEqual([field]);
  });
});
