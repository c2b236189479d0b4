import { describe, expect, it } from 'vitest';
import { pacingFacts } from '../../../worker/facts.ts';

const provider = {
  keyTtlMs: 600_000,
  finds: 'by id',
  echoes: true,
  requestTimeoutMs: 10_000,
  queueBoundMs: 30_000,
  callLifetimeMs: 1_830_000,
} as const;

describe('what campaigns are told of the provider', () => {
  it('leaves room for the request and the queue before a close, and for the queue before a deadline', () => {
    expect(pacingFacts(provider, 2.5, 60_000, true)).toEqual({
      dialMarginMs: 40_000,
      callLifetimeMs: 1_860_000,
      graceMs: 60_000,
      keyTtlMs: 600_000,
      callsPerSecond: 2.5,
      searchAttributes: true,
    });
  });

  it('refuses a time-out that outlasts the try it belongs to', () => {
    expect(() => pacingFacts({ ...provider, requestTimeoutMs: 15_001 }, null, 60_000, true)).toThrow(/at most 15 s/);
  });
});
