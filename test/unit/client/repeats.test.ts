import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RingfenceError } from '../../../client/errors.ts';
import { isRepeatable, MAX_RETRIES, waitBefore, waiting, withRepeats } from '../../../client/http/repeats.ts';
import { ERROR_CODES, type ErrorCode } from '../../../domain/engine/error-codes.ts';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];
const answered = codes.filter((code) => ERROR_CODES[code].status !== null);
const refusal = (code: string, facts: { status?: number; retryAfter?: number } = {}) =>
  new RingfenceError(code as ErrorCode, 'any', facts);

describe('a request is repeated', () => {
  it.each(answered)('as the table of codes says, after %s', (code) => {
    const { status, repeat } = ERROR_CODES[code];
    expect(isRepeatable(refusal(code, { status: status! }))).toBe(repeat === 'later');
  });

  it('after 429, 408 and 5xx of any code, and after no other status', () => {
    const repeated = Array.from({ length: 500 }, (_, index) => 100 + index).filter((status) =>
      isRepeatable(refusal('of_a_later_version', { status })),
    );
    expect(repeated).toEqual([408, 429, ...Array.from({ length: 100 }, (_, index) => 500 + index)]);
    expect(
      answered.filter((code) => ERROR_CODES[code].status! < 500 && isRepeatable(refusal(code, { status: 400 }))),
      // The second is the answer to a repeat that came too early.
    ).toEqual(['request_timeout', 'request_in_progress', 'rate_limit_exceeded']);
  });

  it('where something else answered, by the status', () => {
    expect(isRepeatable(refusal('api_unreachable', { status: 502 }))).toBe(true);
    expect(isRepeatable(refusal('api_unreachable', { status: 200 }))).toBe(false);
    expect(isRepeatable(refusal('api_unreachable', { status: 404 }))).toBe(false);
  });

  it('after a broken connection, and not where no request was sent', () => {
    expect(isRepeatable(refusal('api_unreachable'))).toBe(true);
    expect(isRepeatable(refusal('misconfigured'))).toBe(false);
    expect(isRepeatable(refusal('temporal_unavailable'))).toBe(false);
  });
});

describe('the wait before a repeat', () => {
  it('is anything from Retry-After to a bound that doubles, up to eight seconds', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 60 }),
        (retries, chance, retryAfter) => {
          const wait = waitBefore(refusal('rate_limit_exceeded', { status: 429, retryAfter }), retries, chance)!;
          const most = Math.min(500 * 2 ** retries, 8_000);
          expect(wait - retryAfter * 1_000).toBeCloseTo(chance * most, 5);
        },
      ),
    );
  });

  it('is not taken where the gateway asks for more than a minute', () => {
    expect(waitBefore(refusal('rate_limit_exceeded', { status: 429, retryAfter: 61 }), 0, 0)).toBeNull();
  });
});

describe('repeats', () => {
  afterEach(() => vi.restoreAllMocks());

  const busy = refusal('rate_limit_exceeded', { status: 429 });
  async function tries(failures: number, maxRetries: number): Promise<{ sent: number; outcome: unknown }> {
    let sent = 0;
    const send = async () => {
      sent += 1;
      if (sent <= failures) throw busy;
      return 'answered';
    };
    vi.spyOn(waiting, 'pause').mockResolvedValue();
    const options = { maxRetries, signal: new AbortController().signal };
    const outcome = await withRepeats(send, options).catch((error: unknown) => error);
    return { sent, outcome };
  }

  it('end with the answer', async () => {
    expect(await tries(MAX_RETRIES, MAX_RETRIES)).toEqual({ sent: MAX_RETRIES + 1, outcome: 'answered' });
  });

  it('end with the last refusal when there were enough of them', async () => {
    expect(await tries(9, MAX_RETRIES)).toEqual({ sent: MAX_RETRIES + 1, outcome: busy });
    expect(await tries(9, 0)).toEqual({ sent: 1, outcome: busy });
  });
});
