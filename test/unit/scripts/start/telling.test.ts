import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Campaign } from '../../../../domain/api/campaign-responses.ts';
import { curlOf } from '../../../../scripts/start/curl.ts';
import { progressLine, waitsFor } from '../../../../scripts/start/progress.ts';
import { elsewhere } from '../../../../scripts/start/services.ts';

describe('what npm start tells', () => {
  test('a command that a shell reads as the request that was sent', () => {
    const body = { name: `It's $HOME and "this" \\ that`, contacts: [{ first_name: 'O’Neill' }] };
    const api = { baseUrl: 'http://127.0.0.1:8080/api', apiKey: 'k' };
    const headers = { 'X-Idempotency-Key': 'once' };
    const command = curlOf(api, { method: 'POST', path: '/batch-calls', body, headers });
    // The shell splits the command into words, of which none is run.
    const words = execFileSync('sh', ['-c', command.replace(/^curl/, String.raw`printf '%s\n'`)], { encoding: 'utf8' });
    expect(words.trimEnd().split('\n')).toEqual([
      '-X',
      'POST',
      'http://127.0.0.1:8080/api/batch-calls',
      '-H',
      'Authorization: Bearer k',
      '-H',
      'Content-Type: application/json',
      '-H',
      'X-Idempotency-Key: once',
      '-d',
      JSON.stringify(body),
    ]);
  });

  const campaign = {
    status: 'active',
    waiting_for: null,
    until: null,
    total_contacts: 200,
    completed: 60,
    failed: 30,
    skipped: 10,
    placed_today: 120,
    max_calls_per_day: 500,
    max_concurrent_calls: 20,
  } as Campaign;

  test('how far a campaign is, what is in flight, and the count of the day', () => {
    expect(progressLine({ campaign, inFlight: 18 })).toBe(
      '[############------------] 100/200 done | 18 of 20 calls in flight | 120 of 500 today | calling',
    );
  });

  test.each<[Partial<Campaign>, string]>([
    [{ waiting_for: 'slot' }, 'all lines busy'],
    [{ waiting_for: 'window', until: '2026-03-23T14:00:00.000Z' }, 'waits for its hours until 2026-03-23T14:00:00Z'],
    [{ status: 'paused', waiting_for: null }, 'paused'],
    [{ status: 'completed', waiting_for: 'slot' }, 'completed'],
  ])('what a campaign with %j waits for', (state, told) => {
    expect(waitsFor({ ...campaign, ...state })).toBe(told);
  });

  test.each([
    ['127.0.0.1:7233', 7233, ''],
    ['127.0.0.1:41000', 7233, '; port 7233 is taken'],
    ['postgres://ringfence@127.0.0.1:5432/ringfence', 5432, ''],
    ['postgres://ringfence@127.0.0.1:5433/ringfence', 5432, '; port 5432 is taken'],
    ['http://127.0.0.1:8080', 8080, ''],
  ])('whether %s is where it was wanted, port %i', (address, wanted, told) => {
    expect(elsewhere(address, wanted)).toBe(told);
  });
});
