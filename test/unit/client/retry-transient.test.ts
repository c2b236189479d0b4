import { ServiceError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { retryTransient } from '../../../client/temporal/retry-transient.ts';

const BUSY_WORKFLOW = 8;
const NOT_READY = 9;
const INVALID_ARGUMENT = 3;

function refusedWith(code: number): ServiceError {
  const cause = Object.assign(new Error('refused'), { code, details: 'refused', metadata: {} });
  return new ServiceError('Failed to signal Workflow', { cause });
}

/** Fails with these codes in turn, then succeeds. */
function request(codes: number[]) {
  let tries = 0;
  return {
    tries: () => tries,
    send: async () => {
      tries += 1;
      const code = codes.shift();
      if (code !== undefined) throw refusedWith(code);
      return 'done';
    },
  };
}

describe('a request to a workflow', () => {
  it.each([BUSY_WORKFLOW, NOT_READY])('is repeated after a refusal that passes by itself (%i)', async (code) => {
    const { send, tries } = request([code, code]);
    await expect(retryTransient(Date.now() + 10_000, send)).resolves.toBe('done');
    expect(tries()).toBe(3);
  });

  it('is not repeated after any other', async () => {
    const { send, tries } = request([INVALID_ARGUMENT]);
    await expect(retryTransient(Date.now() + 10_000, send)).rejects.toThrow(ServiceError);
    expect(tries()).toBe(1);
  });

  it('is not repeated past its deadline', async () => {
    const { send, tries } = request([BUSY_WORKFLOW]);
    await expect(retryTransient(Date.now(), send)).rejects.toThrow(ServiceError);
    expect(tries()).toBe(1);
  });
});
