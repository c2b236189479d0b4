/** `ringfence windows --number` shows the windows in which a campaign calls the group of that number. */
import { expect, test } from 'vitest';
import { ContactGroups } from '../../domain/contacts/contact-group.ts';
import { groupWindowAt } from '../../domain/windows/group-hours.ts';
import { policiesNamed } from '../../domain/windows/policies/built-in.ts';
import { HORIZON_MS } from '../../domain/windows/windows.ts';
import { captureCli, out, runCli } from '../support/harness/cli.ts';
import { scheduleOf } from '../support/factories/schedules.ts';

captureCli();

const NUMBERS = [
  '+12125550101',
  '+13055550101',
  // Area codes in two time zones.
  '+18505550101',
  '+12085550101',
  '+14165550101',
  '+33123456789',
  '+61291234567',
  // The places of mobile numbers are not known within these countries.
  '+61412345678',
  '+79161234567',
  '+18005550101',
];
const HOURS = [
  ['1-7 08:00-21:00', { days: [1, 2, 3, 4, 5, 6, 7], start: '08:00', end: '21:00' }],
  ['1-5 12:30-14:00', { days: [1, 2, 3, 4, 5], start: '12:30', end: '14:00' }],
  ['6 00:00-24:00', { days: [6], start: '00:00', end: '24:00' }],
] as const;
const POLICIES = [[], ['us-tcpa', 'us-fl'], ['ca-utr', 'fr', 'au', 'us-reg-f']];
const FROM = ['2026-03-06T00:00:00Z', '2026-10-30T23:00:00Z'];

test.each(NUMBERS)('%s', async (number) => {
  for (const [text, { days, ...times }] of HOURS) {
    const schedule = scheduleOf({ timezone: 'contact', calling_hours: [{ days: [...days], ...times }] });
    for (const names of POLICIES) {
      for (const from of FROM) {
        const now = Date.parse(from);
        const policies = policiesNamed(names);
        const rule = new ContactGroups({ schedule, policies, unknownZone: null }, now).ruleOf({
          phone_number: number,
          timezone: null,
        });
        const found = rule && groupWindowAt(schedule, rule, policiesNamed(rule.policies), now);
        const narrowed = names.length === 0 ? [] : ['--policy', names.join(',')];
        const asked = ['--number', number, '--hours', text, '--from', from, '--count', '1', '--json', ...narrowed];
        expect(await runCli('windows', ...asked)).toBe(0);
        const { windows } = JSON.parse(out) as { windows: { opens_at: string; closes_at: string | null }[] };
        const printed = windows.map(({ opens_at, closes_at }) => {
          const opensAt = Date.parse(opens_at);
          return { opensAt, closesAt: closes_at === null ? opensAt + HORIZON_MS : Date.parse(closes_at) };
        });
        const expected = found ? [{ opensAt: found.opensAt, closesAt: found.closesAt }] : [];
        expect([text, names, from, printed]).toEqual([text, names, from, expected]);
      }
    }
  }
});
