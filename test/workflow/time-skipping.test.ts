import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { watchForLeaks } from '../support/probes/leaks.ts';
import { timeSkippingEnv } from '../support/harness/time-skipping.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const noLeaks = watchForLeaks();
let env: TestWorkflowEnvironment;

beforeAll(async () => {
  env = await timeSkippingEnv();
});

afterAll(async () => {
  await env.teardown();
  await noLeaks();
});

test('the clock of the test server moves by a day without one passing', async () => {
  const before = await env.currentTimeMs();
  await env.sleep(DAY_MS);
  expect((await env.currentTimeMs()) - before).toBeGreaterThanOrEqual(DAY_MS);
});
