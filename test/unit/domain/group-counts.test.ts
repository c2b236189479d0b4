import { expect, test } from 'vitest';
import { ContactGroups } from '../../../domain/contacts/contact-group.ts';
import { GroupCounts } from '../../../domain/contacts/group-counts.ts';
import { MOST_GROUPS } from '../../../domain/engine/campaign-state.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const NOW = Date.parse('2026-03-18T15:00:00Z');

function counts(): GroupCounts {
  const schedule = scheduleOf({ timezone: 'contact' });
  return new GroupCounts(new ContactGroups({ schedule, policies: [], unknownZone: null }, NOW), NOW);
}

test('counts contacts by their zones, and leaves out those whose zone is not known', () => {
  const zones = counts();
  for (const phone_number of ['+12125550101', '+12135550101', '+12125550102', '+18005550101']) {
    zones.add({ phone_number, timezone: null });
  }
  expect(zones.pendingGroups()).toEqual({
    groups: [
      { zones: ['America/New_York'], policies: [] },
      { zones: ['America/Los_Angeles'], policies: [] },
    ],
    pending: [2, 1],
    waiting: [],
  });
});

test('counts apart those who are called later, and together those of the same quarter of an hour', () => {
  const zones = counts();
  for (const not_before of [null, '2026-03-18T14:00:00Z', '2026-03-18T16:01:00Z', '2026-03-18T16:05:00Z']) {
    zones.add({ phone_number: '+12125550101', timezone: null, not_before });
  }
  expect(zones.pendingGroups()).toMatchObject({
    pending: [2],
    waiting: [{ group: 0, attempt: 1, contacts: 2, dueAt: Date.parse('2026-03-18T16:05:00Z') }],
  });
});

test('keeps every contact in no more groups than a campaign may have', () => {
  const zones = counts();
  const names = Intl.supportedValuesOf('timeZone').slice(0, 200);
  for (const timezone of names) zones.add({ phone_number: '+12125550101', timezone });
  const { groups, pending } = zones.pendingGroups();
  expect([groups.length, pending.length]).toEqual([MOST_GROUPS, MOST_GROUPS]);
  expect(pending.reduce((sum, contacts) => sum + contacts, 0)).toBe(names.length);
  // Each group is called only while it is open in the zones of all its contacts.
  for (const [index, { zones: open }] of groups.entries()) expect(open).toHaveLength(pending[index]!);
});
