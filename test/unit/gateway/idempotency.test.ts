import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DATABASE_LIMITS } from '../../../domain/engine/time-limits.ts';
import { hashBody } from '../../../gateway/http/body-hash.ts';
import { KEY_LIMITS } from '../../../gateway/http/idempotent-writes.ts';
import { campaignIdOf } from '../../../gateway/routes/create-campaign.ts';
import { turnsDuring } from '../../support/probes/turns.ts';

/** The same value with the fields of every object in the opposite order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toReversed();
  return Object.fromEntries(entries.map(([field, inner]) => [field, reordered(inner)]));
}

describe('what a body states', () => {
  it('does not depend on the order of its fields', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (body) => {
        expect(await hashBody(reordered(body))).toEqual(await hashBody(body));
      }),
    );
  });

  it.each([
    [{ max_calls_per_day: 120 }, { max_calls_per_day: 121 }],
    [{ max_calls_per_day: 120 }, { max_calls_per_day: '120' }],
    [{ contact_ids: ['a', 'b'] }, { contact_ids: ['b', 'a'] }],
    [{ name: 'x' }, { name: 'x', ends_at: null }],
    [{}, undefined],
  ])('depends on everything else', async (one, other) => {
    expect(await hashBody(one)).not.toEqual(await hashBody(other));
  });
});

describe('the limits of idempotency keys', () => {
  it('leave room for two failed extensions, and let a repeat wait for the claim of a gateway that died', () => {
    const { leaseMs, extendEveryMs, waitMs } = KEY_LIMITS;
    expect(leaseMs).toBeGreaterThan(2 * extendEveryMs + DATABASE_LIMITS.lockMs);
    expect(waitMs).toBeGreaterThan(leaseMs + DATABASE_LIMITS.lockMs);
  });
});

describe('the id of a campaign with an idempotency key', () => {
  it('is the same for ever: a repeat after an upgrade finds the first campaign', () => {
    expect(campaignIdOf('default', 'reminders-2026-03')).toBe('0415b16f-144e-87c1-a707-cf721257c680');
  });
});

describe('a large body', () => {
  it('is hashed a hundred items of a list in one turn of the event loop', async () => {
    const contacts = Array.from({ length: 5_000 }, (_, n) => ({ phone_number: '+14155550101', first_name: `${n}` }));
    expect(await turnsDuring(() => hashBody({ contacts }))).toBeGreaterThanOrEqual(49);
  });
});

describe('the id of a campaign with an idempotency key', () => {
  it('is a UUID of version 8 that the account and the key decide', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (account, key) => {
        const id = campaignIdOf(account, key);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(campaignIdOf(account, key)).toBe(id);
      }),
    );
  });

  it('does not mix up where the account ends and the key begins', () => {
    expect(campaignIdOf('acme', '1')).not.toBe(campaignIdOf('acm', 'e1'));
    expect(campaignIdOf('a","b', 'c')).not.toBe(campaignIdOf('a', 'b","c'));
  });
});
