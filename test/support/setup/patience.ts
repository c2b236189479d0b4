/** Conditions are awaited for as long as a loaded machine may need, unless a test names another time. */
import { vi } from 'vitest';

/** Vitest's own is one second, which one query may take. */
const TIMEOUT_MS = 60_000;
const waitFor = vi.waitFor;

vi.waitFor = (check, options = {}) =>
  waitFor(check, typeof options === 'number' ? options : { timeout: TIMEOUT_MS, ...options });
