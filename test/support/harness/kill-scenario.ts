/** A campaign of forty people with eight calls at once, in a system whose processes the test kills. */
import { afterEach, expect } from 'vitest';
import { ProcessHarness, type ProcessHarnessOptions } from './process-harness.ts';

const PEOPLE = 40;
export const AT_ONCE = 8;

const open: ProcessHarness[] = [];

/** Call it once in a file of tests: it closes after each test what the test has started. */
export function closeAfterEach(): void {
  afterEach(async () => {
    for (const system of open.splice(0)) await system.close();
  });
}

export async function startCampaign(options: ProcessHarnessOptions): Promise<{ system: ProcessHarness; id: string }> {
  const system = await ProcessHarness.start(options);
  open.push(system);
  return { system, id: await system.createCampaign(PEOPLE, { max_concurrent_calls: AT_ONCE }) };
}

/** Each person has one call at the provider, under one key, and never more were live than allowed. */
export async function expectOneCallEach(system: ProcessHarness, campaignId: string): Promise<void> {
  const { verdict, rows, campaign } = await system.untilOver(campaignId);
  expect(rows.filter(({ holds }) => !holds)).toEqual([]);
  expect(campaign.status).toBe('completed');
  expect(verdict).toMatchObject({ contacts: PEOPLE, accepted: PEOPLE, duplicate_keys: 0, skipped: 0, agree: true });
  expect(verdict.peak_in_flight).toBeLessThanOrEqual(AT_ONCE);
}
