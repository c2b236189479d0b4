import { describe, expect, it } from 'vitest';
import { pacingFacts } from '../../../worker/facts.ts';

const SETTINGS = {
  callsPerSecond: 2.5,
  lookUpAfterMs: 180_000,
  maxConcurrentCalls: null,
  graceMs: 60_000,
  searchAttributes: true,
};
const facts = {
  keyTtlMs: 600_000,
  finds: 'by id',
  echoes: true,
  requestTimeoutMs: 10_000,
  queueBoundMs: 30_000,
  callLifetimeMs: 1_830_000,
} as const;

describe('what campaigns are told of the provider', () => {
  it('leaves room for the request and the queue before a close, and for the queue before a deadline', () => {
    expect(pacingFacts({ facts }, SETTINGS)).toEqual({
      dialMarginMs: 40_000,
      usualCallMs: 180_000,
      callLifetimeMs: 1_860_000,
      graceMs: 60_000,
      queueBoundMs: 30_000,
      cancelsQueued: false,
      keyTtlMs: 600_000,
      callsPerSecond: 2.5,
      searchAttributes: true,
    });
  });

  it.each([
    ['has a queue and cancels calls in it', 30_000, true, true],
    ['has a queue and cancels nothing', 30_000, false, false],
    ['has no queue', 0, true, false],
  ])('whether it cancels what is queued: it %s', (_, queueBoundMs, cancels, expected) => {
    const cancel = () => Promise.resolve({ kind: 'unknown', reason: 'x' } as const);
    const provider = { facts: { ...facts, queueBoundMs }, ...(cancels ? { cancel } : {}) };
    expect(pacingFacts(provider, SETTINGS).cancelsQueued).toBe(expected);
  });

  it('refuses a time-out that outlasts the try it belongs to', () => {
    expect(() => pacingFacts({ facts: { ...facts, requestTimeoutMs: 15_001 } }, SETTINGS)).toThrow(/at most 15 s/);
  });
});
