/** Sentences with numbers in them: `1 call`, `2 calls`. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventsFinding } from '../../cli/doctor/database.ts';
import { namespaceFinding } from '../../cli/doctor/temporal.ts';
import { forecastText } from '../../cli/forecast-text.ts';
import { exchangeSummary, lookUpSummary } from '../../domain/engine/activity-summaries.ts';
import type { Campaign } from '../../domain/api/campaign-responses.ts';
import { campaignTerms, CreateCampaign, engineSpec } from '../../domain/api/campaign-request.ts';
import { newCampaign } from '../../domain/engine/commands.ts';
import { counted } from '../../domain/engine/counted.ts';
import { currentDetails } from '../../domain/engine/current-details.ts';
import { termsInWords } from '../../domain/engine/terms-in-words.ts';
import type { ForecastResponse } from '../../domain/forecast/response.ts';
import { tooLong } from '../../gateway/http/broken-requests.ts';
import { importedInWords } from '../../scripts/start/demo.ts';
import { progressLine } from '../../scripts/start/progress.ts';

const ROOT = new URL('../../', import.meta.url);
const spec = engineSpec(
  campaignTerms(
    CreateCampaign.parse({ name: 'x', agent_id: 'y', contacts: [{ phone_number: '+14155550132' }] }),
    'truedy',
  ),
);

function heldDetails(failures: number): string {
  const state = newCampaign(spec, 0);
  state.breaker = { reason: 'http_500', failures, since: 0, times: failures, openUntil: 0 };
  return currentDetails(state, { for: 'provider', until: null }, 0);
}

const limited = { limit: 'window', finishes_at_without: null, expires_without: 0 } as const;
function forecastOf(count: number): string {
  return forecastText({
    outcome: 'expires',
    finishes_at: null,
    calls: count,
    expires: 0,
    calling_days: count,
    calls_per_day: 1,
    days: [],
    limited_by: [{ ...limited, expires_without: count }],
    status: null,
    contacts: count,
    if_resumed_now: null,
    assumed: { call_seconds: 1, call_seconds_from: 'default', retry_share: 0, retry_share_from: 'default' },
    as_of: '2026-03-18T12:00:00.000Z',
  } satisfies ForecastResponse).join('\n');
}

const campaign = {
  status: 'active',
  waiting_for: null,
  total_contacts: 1,
  completed: 0,
  failed: 0,
  skipped: 0,
  placed_today: 1,
  max_calls_per_day: null,
} as unknown as Campaign;

const SENTENCES: readonly (readonly [(count: number) => string, none: string, one: string, two: string])[] = [
  [(count) => counted(count, 'call'), '0 calls', '1 call', '2 calls'],
  [(count) => counted(count, 'retry has', 'retries have'), '0 retries have', '1 retry has', '2 retries have'],
  [lookUpSummary, 'Look up 0 calls', 'Look up 1 call', 'Look up 2 calls'],
  [(count) => exchangeSummary(count, 0), 'Write down how it stands', 'Settle one call', 'Settle 2 calls'],
  [(count) => exchangeSummary(0, count), 'Write down how it stands', 'Claim one contact', 'Claim up to 2 contacts'],
  [heldDetails, 'http_500, 0 times in a row', 'http_500, 1 time in a row', 'http_500, 2 times in a row'],
  [
    (count) => termsInWords({ ...spec, max_concurrent_calls: count }).join('\n'),
    'At most 0 calls at a time',
    'At most 1 call at a time',
    'At most 2 calls at a time',
  ],
  [forecastOf, 'on 0 days, 1 a day', 'on 1 day, 1 a day', 'on 2 days, 1 a day'],
  [forecastOf, '(without it 0 are not called)', '(without it 1 is not called)', '(without it 2 are not called)'],
  [(count) => tooLong(count * 60_000).message, 'after 0 minutes,', 'after 1 minute,', 'after 2 minutes,'],
  [(count) => eventsFinding(count).found, 'none of the last day', '1 event of the', '2 events of the'],
  [(count) => namespaceFinding('default', count * 86_400).found, 'for 0 days', 'for 1 day', 'for 2 days'],
  [
    (count) =>
      importedInWords({ imported: count, skipped: 0, errors: count, rows: Array.from({ length: count }, () => 7) }),
    '0 contacts imported, 0 repeated, 0 refused',
    '1 contact imported, 0 repeated, 1 refused (row 7)',
    '2 contacts imported, 0 repeated, 2 refused (rows 7, 7)',
  ],
  [
    (count) => progressLine({ campaign: { ...campaign, max_concurrent_calls: count }, inFlight: 0 }),
    '0 of 0 calls in flight',
    '0 of 1 call in flight',
    '0 of 2 calls in flight',
  ],
];

describe('a number in a sentence', () => {
  it.each(SENTENCES)('is followed by what is right for it (%#)', (sentence, ...expected) => {
    for (const [count, text] of expected.entries()) {
      // Nothing follows that would make a plural of it.
      expect(`${sentence(count)} `).toMatch(new RegExp(`${text.replaceAll(/[().]/g, String.raw`\$&`)}(?!\\w)`));
    }
  });

  it('is never put before a plural as it is', () => {
    const wrong = FOLDERS.flatMap((folder) =>
      readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .flatMap((file) => {
          const text = readFileSync(new URL(`${folder}${file}`, ROOT), 'utf8');
          return [...text.matchAll(NUMBER_BEFORE_PLURAL)].map(([found]) => `${folder}${file}: ${found}`);
        }),
    );
    expect(wrong.filter((found) => !NEVER_ONE.some((name) => found.includes(`{${name}}`)))).toEqual([]);
  });
});

const FOLDERS = [
  'activities/',
  'cli/',
  'client/',
  'contact-files/',
  'db/',
  'domain/',
  'examples/',
  'gateway/',
  'providers/',
  'test/chaos/',
  'scripts/start/',
  'simulator/',
  'worker/',
  'workflows/',
];
/** A constant in capitals is known where it is written; everything else may be one. */
const NUMBER_BEFORE_PLURAL =
  /\$\{(?![A-Z_]+\})[^{}]*\} (?:calls|contacts|people|numbers|campaigns|rows|lines|files|minutes|seconds|hours|days|times|attempts|retries|workers|events|issues|errors|problems|fields|columns|keys|edits|pauses|runs|slots)\b/g;
/** Numbers that are never small, and words. */
const NEVER_ONE = ['horizonDays', 'act'];
