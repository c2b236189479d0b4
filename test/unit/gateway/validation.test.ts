import { describe, expect, it } from 'vitest';
import { ChangeCampaign } from '../../../domain/api/campaign-change.ts';
import { CreateCampaign } from '../../../domain/api/campaign-request.ts';
import { validationError } from '../../../gateway/http/validation.ts';

function refusalOf(schema: typeof ChangeCampaign | typeof CreateCampaign, body: object) {
  const read = schema.safeParse(body);
  return validationError(read.error?.issues ?? []);
}

describe('an unknown field', () => {
  it.each(['policy', 'unknown_zone', 'agent_id'])(
    '%s of a change cannot be changed, and the refusal says so',
    (field) => {
      expect(refusalOf(ChangeCampaign, { [field]: 'x' })).toMatchObject({
        field,
        message: `${field} cannot be changed: correct its spelling, leave it out, or start another campaign`,
      });
    },
  );

  it.each([
    ['of a campaign', { polici: [] }, 'polici'],
    [
      'of a window',
      { calling_hours: [{ days: [1], start: '09:00', end: '12:00', to: '13:00' }] },
      'calling_hours[0].to',
    ],
  ])('%s is named', (_, fields, field) => {
    const body = { agent_id: 'a', name: 'n', contacts: [{ phone_number: '+14155550132' }], ...fields };
    expect(refusalOf(CreateCampaign, body)).toMatchObject({
      field,
      message: `unknown field ${field}: correct its spelling or leave it out`,
    });
  });
});

it('names the word that is accepted instead of an unknown zone', () => {
  const body = { agent_id: 'a', name: 'n', contacts: [{ phone_number: '+14155550132' }], unknown_zone: 'leave out' };
  expect(refusalOf(CreateCampaign, body)).toMatchObject({
    field: 'unknown_zone',
    message: expect.stringMatching(/must be an IANA zone name .*, or write "skip"$/),
  });
});
