import { expect } from 'vitest';

/** The last line of `npm start -- --exit` when the records agree with the ledger. */
export const VERDICT = {
  contacts: expect.any(Number),
  accepted: expect.any(Number),
  duplicate_keys: 0,
  peak_in_flight: expect.any(Number),
  max_concurrent_calls: expect.any(Number),
  completed: expect.any(Number),
  failed: expect.any(Number),
  skipped: 0,
  agree: true,
};
