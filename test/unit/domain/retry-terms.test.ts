import { describe, expect, it } from 'vitest';
import { ChangeCampaign, changedTerms } from '../../../domain/api/campaign-change.ts';
import { campaignTerms, CreateCampaign, engineSpec } from '../../../domain/api/campaign-request.ts';
import { ForecastRequest } from '../../../domain/forecast/request.ts';
import { decideRetries, type RetryTerms, type StatedRetries } from '../../../domain/engine/retry-terms.ts';

const smallest = { name: 'x', agent_id: 'y', contacts: [{ phone_number: '+14155550132' }] };
const OFF: RetryTerms = { retry_failed: false, max_retry_attempts: 0 };
const TWO: RetryTerms = { retry_failed: true, max_retry_attempts: 2 };
const TWO_OFF: RetryTerms = { retry_failed: false, max_retry_attempts: 2 };
const ONE: RetryTerms = { retry_failed: true, max_retry_attempts: 1 };
const WAY_OUT = 'max_retry_attempts must be at least 1 where retry_failed is true: leave it out for one';
const contradictory = { retry_failed: true, max_retry_attempts: 0 };

describe('how often a contact is called again', () => {
  it.each<[string, StatedRetries, RetryTerms, RetryTerms]>([
    ['nothing is stated', {}, OFF, OFF],
    ['nothing is stated of retries that are on', {}, TWO, TWO],
    ['retries without a number are one', { retry_failed: true }, OFF, ONE],
    ['retries without a number are as many as they were', { retry_failed: true }, TWO, TWO],
    ['retries that were turned off come back', { retry_failed: true }, TWO_OFF, TWO],
    ['retries with a number are so many', { retry_failed: true, max_retry_attempts: 2 }, OFF, TWO],
    ['a number alone asks for them', { max_retry_attempts: 2 }, OFF, TWO],
    ['a number alone turns them on again', { max_retry_attempts: 1 }, TWO_OFF, ONE],
    ['null is left out', { retry_failed: null, max_retry_attempts: 2 }, OFF, TWO],
    ['null attempts are left out', { retry_failed: true, max_retry_attempts: null }, OFF, ONE],
    ['none is off', { max_retry_attempts: 0 }, TWO, OFF],
    ['off keeps the number', { retry_failed: false }, TWO, TWO_OFF],
    ['off is off whatever the number', { retry_failed: false, max_retry_attempts: 2 }, OFF, TWO_OFF],
  ])('%s', (_, stated, present, decided) => {
    expect(decideRetries(stated, present)).toEqual(decided);
    const terms = { ...campaignTerms(CreateCampaign.parse(smallest), 'truedy'), ...present };
    // A change that states nothing is none.
    const { retry_failed, max_retry_attempts } = stated;
    const change = { max_concurrent_calls: 3, ...(retry_failed === null ? {} : { retry_failed }) };
    const read = ChangeCampaign.parse(max_retry_attempts === null ? change : { ...change, max_retry_attempts });
    expect(changedTerms(terms, read)).toEqual({ ...terms, max_concurrent_calls: 3, ...decided });
  });

  it.each([
    ['a new campaign', CreateCampaign, { ...smallest, ...contradictory }],
    ['a forecast', ForecastRequest, { contact_count: 3, ...contradictory }],
    ['a change', ChangeCampaign, contradictory],
  ])('refuses retries of none in %s, and names the way out', (_, schema, body) => {
    const issues = schema.safeParse(body).error?.issues;
    expect(issues).toMatchObject([{ path: ['max_retry_attempts'], message: WAY_OUT }]);
  });

  it('refuses retries of none wherever they are decided', () => {
    expect(() => decideRetries(contradictory, TWO)).toThrow(
      expect.objectContaining({ code: 'validation_error', field: 'max_retry_attempts', message: WAY_OUT }),
    );
  });

  it('is decided in the terms that are recorded and in the policy of the engine', () => {
    const terms = campaignTerms(CreateCampaign.parse({ ...smallest, retry_failed: true }), 'truedy');
    expect(terms).toMatchObject(ONE);
    expect(engineSpec(terms).retry).toMatchObject({ budget: 1, attempts: 1 });
    expect(ForecastRequest.parse({ contact_count: 3, retry_failed: true })).toMatchObject(ONE);
  });
});
