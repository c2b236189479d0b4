import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  campaignEdit,
  ChangeCampaign,
  type ChangeCampaignInput,
  changedTerms,
  readChange,
} from '../../../domain/api/campaign-change.ts';
import { campaignTerms, CreateCampaign, engineSpec } from '../../../domain/api/campaign-request.ts';
import { CampaignEdit, editedSpec, recordedTerms } from '../../../domain/engine/editing.ts';
import { RingfenceError } from '../../../domain/engine/errors.ts';
import { RetryableOutcome } from '../../../domain/engine/retry-policy.ts';
import { StatedEdit } from '../../../domain/engine/stated-edit.ts';
import { mergeSpec, specChange } from '../../../domain/engine/spec-change.ts';

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const time = fc.constantFrom('08:00', '10:30', '17:00', null);
const instant = fc.constantFrom('2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-05-01T02:00:00+02:00', null);
const retries = {
  retry_failed: fc.boolean(),
  max_retry_attempts: fc.integer({ min: 0, max: 10 }),
  retry_delay_minutes: fc.oneof(fc.integer({ min: 0, max: 99 }), fc.array(fc.nat(99), { minLength: 1, maxLength: 3 })),
  retry_on: fc.subarray([...RetryableOutcome.options]),
};
const limits = {
  timezone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Tokyo'),
  working_days: fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
  blackout_dates: fc.subarray(['2026-12-24', '2026-12-25']),
  max_concurrent_calls: fc.integer({ min: 1, max: 50 }),
  max_calls_per_day: fc.option(fc.integer({ min: 1, max: 500 })),
};

const terms = fc
  .record({
    hours: fc.constantFrom(['08:00', '17:00'], ['20:00', '02:00'], [null, null]),
    scheduled_at: instant,
    ends_at: instant,
    ...limits,
    ...retries,
  })
  .map(({ hours: [start_time, end_time], ...rest }) => ({
    name: 'Reminders',
    agent_id: 'agent-1',
    contacts: [{ phone_number: '+12125550101' }],
    start_time,
    end_time,
    schedule_type: rest.scheduled_at === null ? 'immediate' : 'scheduled',
    ...rest,
  }))
  .map((request) => CreateCampaign.safeParse(request))
  .filter(({ success }) => success)
  .map(({ data }) => campaignTerms(data!, 'truedy'));

const change = fc
  .record({
    start_time: optional(time),
    end_time: optional(time),
    scheduled_at: optional(instant),
    ends_at: optional(instant),
    ...Object.fromEntries(
      Object.entries({ ...limits, ...retries }).map(([name, value]) => [
        name,
        optional(value as fc.Arbitrary<unknown>),
      ]),
    ),
  })
  .map((stated) => ChangeCampaign.safeParse(stated))
  .filter(({ success }) => success)
  .map(({ data }) => data!);

/** The answer, or the field that was at fault. */
function outcome<T>(attempt: () => T): T | { readonly refused: string | undefined } {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof RingfenceError) return { refused: error.field };
    throw error;
  }
}

describe('a change laid over what the engine knows of the terms', () => {
  it('makes of them what the same change makes of the record', () => {
    let taken = 0;
    fc.assert(
      fc.property(terms, change, (present, stated) => {
        const onRecord = outcome(() => changedTerms(present, stated));
        if ('refused' in onRecord) {
          expect(outcome(() => mergeSpec(engineSpec(present), specChange(stated)))).toEqual(onRecord);
          return;
        }
        const edit = CampaignEdit.parse(structuredClone(campaignEdit(stated)));
        const spec = editedSpec(engineSpec(present), edit);
        expect(spec).toEqual(engineSpec(onRecord));
        expect({ ...present, ...recordedTerms(edit, spec) }).toEqual(onRecord);
        taken += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it('leaves what another change did meanwhile', () => {
    const present = engineSpec(
      campaignTerms(
        CreateCampaign.parse({ name: 'x', agent_id: 'y', contacts: [{ phone_number: '+12125550101' }] }),
        'truedy',
      ),
    );
    const first = campaignEdit(readChange({ max_concurrent_calls: 3, start_time: '09:00', end_time: '17:00' }));
    const second = campaignEdit(readChange({ max_calls_per_day: 50, end_time: '18:00' }));
    const after = editedSpec(editedSpec(present, first), second);
    expect(after).toMatchObject({
      max_concurrent_calls: 3,
      max_calls_per_day: 50,
      schedule: { start_time: '09:00', end_time: '18:00' },
    });
    // Alone, the second would leave hours that end and never begin.
    expect(outcome(() => editedSpec(present, second))).toEqual({ refused: 'start_time' });
  });

  it.each<[ChangeCampaignInput | Record<string, unknown>, string, string]>([
    [{ retry_failed: true, max_retry_attempts: 0 }, 'max_retry_attempts', 'leave it out for one'],
    [{ max_concurrent_calls: -1 }, 'max_concurrent_calls', 'max_concurrent_calls must be'],
    [{ name: 'Another' }, 'name', 'name cannot be changed'],
  ])('is refused by name: %j', (stated, field, message) => {
    const attempt = () => campaignEdit(readChange(stated));
    expect(outcome(attempt)).toEqual({ refused: field });
    expect(attempt).toThrow(message);
  });

  it('comes in as it is recorded, whatever is stated', () => {
    fc.assert(
      fc.property(change, (stated) => {
        const edit = outcome(() => campaignEdit(stated));
        if ('refused' in edit) return;
        expect(StatedEdit.safeParse(JSON.parse(JSON.stringify(edit))).error).toBeUndefined();
      }),
    );
  });

  it('is an edit only as a change or as whole terms', () => {
    expect(CampaignEdit.safeParse({ terms: {} }).success).toBe(false);
    expect(CampaignEdit.safeParse({ terms: {}, change: {} }).success).toBe(true);
  });
});
