/** Claims of groups of contacts, each with its own hours, by priority and in the order of the roster. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import { openCursors } from '../../db/claims.ts';
import { inTransaction } from '../../db/pool.ts';
import { enrol } from '../../db/enrolment.ts';
import { explainContact } from '../../db/contact-explanation.ts';
import { addContacts } from '../../db/roster-changes.ts';
import { exchange } from '../../db/roster.ts';
import { changedTerms, readChange } from '../../domain/api/campaign-change.ts';
import { CreateCampaign } from '../../domain/api/campaign-request.ts';
import { MOST_GROUPS } from '../../domain/engine/campaign-state.ts';
import type { ExchangeRequest } from '../../domain/engine/roster.ts';
import { createCampaign, statedContacts } from '../../gateway/routes/create-campaign.ts';
import { refuseNeverOpen } from '../../gateway/routes/refuse-never-open.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';
import { exchangeRequest } from '../support/factories/exchange-request.ts';
import { nextId } from '../support/factories/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const HOUR = 3_600_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Nine contacts, of the groups 0, 1, 2, 0, 1, 2, 0, 1, 2. The last three have the priority 1. */
async function ofThreeGroups() {
  const contacts = Array.from({ length: 9 }, (_, index) => ({ phone_number: `+1415555010${index}` }));
  const terms = CreateCampaign.parse({ name: nextId('Groups'), agent_id: 'agent-1', contacts });
  const { id } = await createCampaign({ pool: database.pool, now: NOW, connections: TRUEDY_ALONE }, 'default', terms);
  await database.pool.query('delete from claim_cursors where campaign_id = $1', [id]);
  await database.pool.query(
    `update campaign_contacts set group_no = (seq - 1) % 3, priority = case when seq > 6 then 1 else 3 end
      where campaign_id = $1`,
    [id],
  );
  await openCursors(database.pool, id);
  const adopt = (runId: string) =>
    inTransaction(database.pool, (tx) => adoptRoster(tx, { campaignId: id, runId, number: 1 }, NOW));
  await adopt('the run');
  let exchanges = 0;
  const step = async (changes: Partial<ExchangeRequest>, runId = 'the run') => {
    exchanges += 1;
    const request = exchangeRequest({ campaignId: id, now: NOW, exchangeNumber: exchanges, ...changes });
    const reply = await exchange(database.pool, request, runId);
    if (reply.kind === 'superseded') throw new Error('another run owns the records');
    return { ...reply, seqs: reply.claimed.map(({ seq }) => seq) };
  };
  return { id, adopt, step };
}

describe('contacts of several groups', () => {
  it('are claimed from the open groups alone, by priority and side by side', async () => {
    const { step } = await ofThreeGroups();
    const first = await step({ want: 3, open: [0, 2] });
    expect(first.claimed).toEqual([
      { seq: 7, attempt: 1, priority: 1 },
      { seq: 9, attempt: 1, priority: 1, group: 2 },
      { seq: 1, attempt: 1 },
    ]);
    expect((await step({ want: 1, open: [0, 2] })).seqs).toEqual([4]);
    const last = await step({ want: 9, open: [0, 2] });
    expect(last.seqs).toEqual([3, 6]);
    expect(last.groups).toEqual([{ group: 1, more: true, first: 1, dueAt: null }]);
    expect((await step({ want: 9, open: [] })).seqs).toEqual([]);
    const others = await step({ want: 9, open: [1] });
    expect([others.seqs, others.groups]).toEqual([[8, 2, 5], []]);
  });

  it('of a priority before that of the claimed ones are claimed where no other is wanted, and bring none along', async () => {
    const { step } = await ofThreeGroups();
    expect((await step({ want: 0, ahead: { most: 2, before: 1 }, open: [0, 1, 2] })).seqs).toEqual([]);
    expect((await step({ want: 0, ahead: { most: 2, before: 3 }, open: [0, 1, 2] })).seqs).toEqual([7, 8]);
    const others = await step({ want: 2, ahead: { most: 5, before: 3 }, open: [0, 1, 2] });
    expect(others.seqs).toEqual([9, 1]);
    expect(others.groups).toMatchObject([{ group: 0, more: true }, { group: 1 }, { group: 2 }]);
    expect((await step({ want: 9, open: [0, 1, 2] })).seqs).toEqual([2, 3, 4, 5, 6]);
  });

  it('go back to the roster when their group closes, and are claimed again', async () => {
    const { id, adopt, step } = await ofThreeGroups();
    const all = await step({ want: 9, open: [0, 1, 2] });
    expect([all.seqs.length, all.groups]).toEqual([9, []]);
    const released = all.claimed.filter(({ group }) => group === 1);
    const closed = await step({ released, want: 9, open: [0, 2] });
    expect([closed.seqs, closed.groups]).toEqual([[], [{ group: 1, more: true, first: 1, dueAt: null }]]);
    expect((await step({ want: 2, open: [1] })).seqs).toEqual([8, 2]);
    const { groups } = await adopt('another run');
    expect(groups.map(({ group }) => group)).toEqual([0, 1, 2]);
    const { rows } = await database.pool.query<{ left: number }>(
      'select count(*)::int as left from campaign_contacts where campaign_id = $1 and claimed_in_exchange is null',
      [id],
    );
    expect(rows[0]?.left).toBe(9);
    expect((await step({ epoch: 2, want: 9, open: [0, 1, 2] }, 'another run')).seqs).toHaveLength(9);
  });

  it('have due times by group: the next one of a closed group does not count as due', async () => {
    const { step } = await ofThreeGroups();
    const { claimed } = await step({ want: 9, open: [0, 1, 2] });
    const settled = claimed.slice(0, 3).map(({ seq, attempt }) => ({
      seq,
      attempt,
      to: 'retrying' as const,
      reason: 'busy',
      outcome: 'busy' as const,
      at: NOW,
      retryAt: NOW + seq * HOUR,
    }));
    const { groups } = await step({ settled });
    expect(groups).toEqual([
      { group: 0, more: false, dueAt: NOW + 7 * HOUR },
      { group: 1, more: false, dueAt: NOW + 8 * HOUR },
      { group: 2, more: false, dueAt: NOW + 9 * HOUR },
    ]);
    const due = await step({ now: NOW + 24 * HOUR, want: 9, open: [2] });
    expect(due.claimed).toEqual([{ seq: 9, attempt: 2, group: 2 }]);
  });
});

describe('a campaign in the hours of its contacts', () => {
  const NUMBERS = ['+12125550101', '+12125550102', '+13105550101', '+18005550199'];
  const HOURS = { timezone: 'contact', start_time: '10:00', end_time: '12:00' };
  const stored = async (id: string) => {
    const { rows } = await database.pool.query<{ group_no: number; bucket: string; reason: string | null; id: string }>(
      'select group_no, bucket, reason, contact_id as id from campaign_contacts where campaign_id = $1 order by seq',
      [id],
    );
    const { rows: groups } = await database.pool.query<{ zones: string[] }>(
      'select zones from campaign_groups where campaign_id = $1 order by group_no',
      [id],
    );
    const { rows: counts } = await database.pool.query<{ total: number; pending: number; skipped: number }>(
      'select total, pending, skipped from campaigns where id = $1',
      [id],
    );
    return { contacts: rows, zones: groups.map(({ zones }) => zones), counts: counts[0] };
  };
  const create = (body: object) => {
    const request = CreateCampaign.parse({ name: nextId('Own hours'), agent_id: 'agent-1', ...HOURS, ...body });
    return createCampaign({ pool: database.pool, now: NOW, connections: TRUEDY_ALONE }, 'default', request);
  };
  const folderOf = async (numbers: readonly string[]) => {
    const { rows } = await database.pool.query<{ id: string }>(
      "insert into contact_folders (account, name) values ('default', $1) returning id",
      [nextId('folder')],
    );
    await database.pool.query(
      `insert into contacts (folder_id, account, phone_number)
       select $1, 'default', number from unnest($2::text[]) with ordinality as one (number, place) order by place`,
      [rows[0]!.id, numbers],
    );
    return { contact_source: 'folder', contact_folder_id: rows[0]!.id };
  };
  const EXPECTED = {
    zones: [['America/New_York'], ['America/Los_Angeles']],
    counts: { total: 4, pending: 3, skipped: 1 },
  };

  it('has a group for each zone, and skips those whose zone nobody knows', async () => {
    const campaign = await create({ contacts: NUMBERS.map((phone_number) => ({ phone_number })) });
    expect(campaign).toMatchObject({
      timezone: 'contact',
      unknown_zone: 'skip',
      group_count: 2,
      pending: 3,
      skipped: 1,
    });
    const { contacts, ...rest } = await stored(campaign.id);
    expect(rest).toEqual(EXPECTED);
    expect(contacts.map(({ group_no }) => group_no)).toEqual([0, 0, 1, 0]);
    expect(contacts[3]).toMatchObject({ bucket: 'skipped', reason: 'unknown_zone' });
    const explained = await Promise.all(
      contacts.map(({ id: contactId }) =>
        explainContact(
          database.pool,
          'default',
          { campaignId: campaign.id, contactId },
          { now: NOW, allowedBy: () => null },
        ),
      ),
    );
    expect(explained.map((one) => one?.hours)).toEqual([
      { timezones: ['America/New_York'], from: 'number', policies: [] },
      { timezones: ['America/New_York'], from: 'number', policies: [] },
      { timezones: ['America/Los_Angeles'], from: 'number', policies: [] },
      null,
    ]);
    // At noon of UTC it is eight in New York and five in Los Angeles.
    expect(explained.map((one) => one?.next_eligible_at)).toEqual([
      '2026-03-18T14:00:00.000Z',
      '2026-03-18T14:00:00.000Z',
      '2026-03-18T17:00:00.000Z',
      null,
    ]);
  });

  it('has the same groups where its contacts come from a folder', async () => {
    const campaign = await create(await folderOf(NUMBERS));
    await inTransaction(database.pool, (tx) => enrol(tx, campaign.id));
    const { contacts, ...rest } = await stored(campaign.id);
    expect(rest).toEqual(EXPECTED);
    expect(contacts.map(({ group_no }) => group_no)).toEqual([0, 0, 1, 0]);
  });

  it('takes more people, and claims them, when it has as many groups as it may have', async () => {
    const people = Intl.supportedValuesOf('timeZone')
      .slice(0, 2 * MOST_GROUPS)
      .map((timezone, index) => ({ phone_number: `+1415555${1_000 + index}`, timezone }));
    const { id } = await create({ contacts: people });
    await inTransaction(database.pool, (tx) => adoptRoster(tx, { campaignId: id, runId: 'the run', number: 1 }, NOW));
    const open = Array.from({ length: MOST_GROUPS }, (_, group) => group);
    const claimAll = (exchangeNumber: number) =>
      exchange(
        database.pool,
        exchangeRequest({ campaignId: id, now: NOW, exchangeNumber, want: 500, open }),
        'the run',
      );
    expect(await claimAll(1)).toMatchObject({ claimed: { length: people.length }, groups: [] });
    const before = await stored(id);
    expect(before.zones).toHaveLength(MOST_GROUPS);
    const place = before.contacts.findIndex(({ group_no: group }) => before.zones[group]!.length > 1);
    const group = before.contacts[place]!.group_no;
    const stated = await statedContacts(
      {
        contacts: [
          {
            ...CreateCampaign.parse({ name: 'one', agent_id: 'a', contacts: people }).contacts[place]!,
            phone_number: '+14155550199',
          },
        ],
      },
      [],
    );
    await inTransaction(database.pool, (tx) =>
      addContacts(tx, { account: 'default', id }, { stored: [], stated }, (newcomers) => newcomers),
    );
    expect((await stored(id)).zones).toEqual(before.zones);
    const seq = people.length + 1;
    const claimed = [{ seq, attempt: 1, ...(group > 0 ? { group } : {}) }];
    expect(await claimAll(2)).toMatchObject({ claimed, groups: [] });
    // A zone that none of the groups names, with the clock of one of them.
    const eastern = { phone_number: '+14155550198', timezone: 'US/Eastern' };
    const [another] = CreateCampaign.parse({ name: 'one', agent_id: 'a', contacts: [eastern] }).contacts;
    const stranger = await statedContacts({ contacts: [another!] }, []);
    await inTransaction(database.pool, (tx) =>
      addContacts(tx, { account: 'default', id }, { stored: [], stated: stranger }, (newcomers) => newcomers),
    );
    const { zones } = await stored(id);
    const joined = zones.findIndex((names) => names.includes('US/Eastern'));
    expect(zones).toHaveLength(MOST_GROUPS);
    expect(zones[joined]).toEqual([...before.zones[joined]!, 'US/Eastern'].toSorted());
    expect(zones[joined]).toContain('America/Detroit');
    expect(await claimAll(3)).toMatchObject({ claimed: [{ seq: seq + 1, attempt: 1, group: joined }] });
    // None has the clock of an island that is half an hour beside the others.
    const island = { phone_number: '+14155550197', timezone: 'Australia/Lord_Howe' };
    const [last] = CreateCampaign.parse({ name: 'one', agent_id: 'a', contacts: [island] }).contacts;
    const islander = await statedContacts({ contacts: [last!] }, []);
    const refused = inTransaction(database.pool, (tx) =>
      addContacts(tx, { account: 'default', id }, { stored: [], stated: islander }, (newcomers) => newcomers),
    );
    await expect(refused).rejects.toMatchObject({
      code: 'validation_error',
      field: 'contacts',
      message: expect.stringContaining('contacts in Australia/Lord_Howe: leave these out'),
    });
  });

  describe('with a policy that leaves nothing of the hours at some places', () => {
    const PEOPLE = [{ phone_number: '+33144556677' }, { phone_number: '+12125550101' }];
    const NIGHT = { ...HOURS, start_time: '22:00', end_time: '24:00', policy: ['us-tcpa'] };
    const termsOf = async (id: string) => {
      const { rows } = await database.pool.query<{ terms: Parameters<typeof changedTerms>[0] }>(
        'select spec as terms from campaigns where id = $1',
        [id],
      );
      return rows[0]!.terms;
    };
    const patch = async (id: string, change: object) => {
      const terms = await termsOf(id);
      const read = readChange(change);
      await refuseNeverOpen(database.pool, { id, terms }, read, changedTerms(terms, read), NOW);
    };

    it('skips the contacts there, and says why', async () => {
      const { id, ...campaign } = await create({ ...NIGHT, contacts: PEOPLE });
      expect(campaign).toMatchObject({ group_count: 1, pending: 1, skipped: 1 });
      const { contacts } = await stored(id);
      expect(contacts).toMatchObject([{ bucket: 'pending' }, { bucket: 'skipped', reason: 'never_open' }]);
      const place = { campaignId: id, contactId: contacts[1]!.id };
      const explained = await explainContact(database.pool, 'default', place, { now: NOW, allowedBy: () => null });
      expect(explained).toMatchObject({
        reason: 'never_open',
        hours: { timezones: ['America/New_York'], from: 'number', policies: [{ name: 'us-tcpa' }] },
        next_eligible_at: null,
      });
    });

    it('skips them also where they come from a folder', async () => {
      const { id } = await create({ ...NIGHT, ...(await folderOf(PEOPLE.map((one) => one.phone_number))) });
      await inTransaction(database.pool, (tx) => enrol(tx, id));
      expect((await stored(id)).contacts.map(({ reason }) => reason)).toEqual([null, 'never_open']);
    });

    it('is refused where nobody is left', async () => {
      await expect(create({ ...NIGHT, contacts: PEOPLE.slice(1) })).rejects.toMatchObject({
        code: 'validation_error',
        field: 'policy',
        message: expect.stringContaining('leaves nothing of the calling hours'),
      });
    });

    it('refuses a change of hours after which some who wait would never be called', async () => {
      const { id } = await create({ ...HOURS, policy: ['us-tcpa'], contacts: PEOPLE });
      const refusal = {
        code: 'validation_error',
        message: expect.stringContaining('no time for contacts in America/New_York under us-tcpa'),
      };
      const late = { calling_hours: [{ days: [1], start: '22:00', end: '24:00' }] };
      await expect(patch(id, late)).rejects.toMatchObject({ ...refusal, field: 'calling_hours' });
      await expect(patch(id, { start_time: '21:00', end_time: '23:00' })).rejects.toMatchObject(refusal);
      await expect(patch(id, { end_time: '11:00' })).resolves.toBeUndefined();
      await database.pool.query(
        `update campaign_contacts set claimed_in_exchange = 1 where campaign_id = $1 and phone_number like '+1%'`,
        [id],
      );
      await expect(patch(id, late)).rejects.toMatchObject(refusal);
      await database.pool.query(
        `update campaign_contacts set bucket = 'completed' where campaign_id = $1 and phone_number like '+1%'`,
        [id],
      );
      await expect(patch(id, late)).resolves.toBeUndefined();
    });
  });

  it('calls those in the stated zone whose zone nobody knows, and keeps to that', async () => {
    const contacts = NUMBERS.map((phone_number) => ({ phone_number }));
    const campaign = await create({ contacts, unknown_zone: 'Europe/Paris' });
    expect((await stored(campaign.id)).zones).toEqual([...EXPECTED.zones, ['Europe/Paris']]);
    const { rows } = await database.pool.query<{ terms: Parameters<typeof changedTerms>[0] }>(
      'select spec as terms from campaigns where id = $1',
      [campaign.id],
    );
    expect(() => changedTerms(rows[0]!.terms, readChange({ timezone: 'UTC' }))).toThrow('start another campaign');
    expect(() => readChange({ unknown_zone: 'skip' })).toThrow('unknown_zone cannot be changed');
  });
});
