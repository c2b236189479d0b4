import { describe, expect, inject, it, vi } from 'vitest';
import { refuse } from '../support/fakes/fake-temporal.ts';
import { SystemHarness } from '../support/harness/system-harness.ts';
import { captureCli, closing, err, fileOf, listeningGateway, out, runCli } from '../support/harness/cli.ts';

captureCli();

const NOBODY = '00000000-0000-4000-8000-000000000000';
const body = {
  name: 'Reminders',
  agent_id: 'agent-1',
  contacts: [{ phone_number: '+14155550132' }, { phone_number: '+14155550133' }],
  max_calls_per_day: 120,
};

const campaigns = (...args: string[]) => runCli('campaigns', ...args);

describe('campaigns, through the gateway', () => {
  it('are started, shown and listed', async () => {
    const gateway = await listeningGateway();
    const file = await fileOf('campaign.json', JSON.stringify(body));
    expect(await campaigns('start', file, '--json', '--idempotency-key', 'once')).toBe(0);
    const started = JSON.parse(out) as { id: string };
    expect(started).toMatchObject({ name: 'Reminders', total_contacts: 2, waiting_for: 'start' });
    expect(await campaigns('start', file, '--idempotency-key', 'once')).toBe(0);
    expect(out).toContain(started.id);
    expect(gateway.temporal.started).toEqual([started.id]);

    expect(await campaigns('show', started.id)).toBe(0);
    expect(out).toMatch(/^status +active$/m);
    expect(out).toMatch(/^placed today +0 of 120$/m);
    expect(out).toMatch(/^contacts +2: 2 pending, 0 in_progress/m);

    expect(await campaigns('list')).toBe(0);
    expect(out).toContain('0/2');
    expect(await campaigns('list', '--status', 'paused', '--json')).toBe(0);
    expect(JSON.parse(out)).toEqual({ campaigns: [], total: 0 });
    expect(await campaigns('list', '--agent', 'nobody')).toBe(0);
    expect(out).toBe('No campaigns found.\n');
    expect(await campaigns('list', '--offset', '5')).toBe(0);
    expect(out).toBe('No campaigns found from there on; there are 1 in all.\n');
    expect(await campaigns('list', '--key', 'rf_of_nobody')).toBe(2);
    expect(err).toContain('Check RINGFENCE_API_KEY, or what you pass as --key.');
  });

  it('call people in their own hours, and say in how many groups', async () => {
    await listeningGateway();
    const nextWeek = new Date(Date.now() + 7 * 24 * 3_600_000).toISOString();
    const contacts = [
      { phone_number: '+12125550101', region: 'US-NY', priority: 1, not_before: nextWeek },
      { phone_number: '+13105550101' },
      { phone_number: '+18005550199' },
    ];
    const calling_hours = [
      { days: [1, 2, 3, 4, 5], start: '10:00', end: '13:00' },
      { days: [6], start: '10:00', end: '12:00' },
    ];
    const hours = { timezone: 'contact', unknown_zone: 'skip', calling_hours, policy: ['us-tcpa'], open_ended: true };
    const { start_time: _start, end_time: _end, ...terms } = { start_time: null, end_time: null, ...body };
    const file = await fileOf('own-hours.json', JSON.stringify({ ...terms, ...hours, contacts }));
    expect(await campaigns('forecast', file, '--json')).toBe(0);
    const forecast = JSON.parse(out) as { finishes_at: string };
    expect(forecast).toMatchObject({ contacts: 2, outcome: 'finishes' });
    expect(forecast.finishes_at > nextWeek).toBe(true);
    expect(await campaigns('start', file, '--json')).toBe(0);
    const { id, ...started } = JSON.parse(out) as { id: string };
    expect(started).toMatchObject({ ...hours, group_count: 2, pending: 2, skipped: 1 });
    expect(await campaigns('show', id)).toBe(0);
    expect(out).toMatch(/^hours +Mon-Fri 10:00-13:00; Sat 10:00-12:00 \(each contact's own time zone\)$/m);
    expect(out).toMatch(/^groups +2, each with its own hours$/m);
    expect(out).toMatch(/^policies +us-tcpa$/m);
    expect(await campaigns('contacts', id, '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      contacts: [{ priority: 1, not_before: nextWeek }, { priority: 3 }, { reason: 'unknown_zone' }],
    });
  });

  it('tell of their contacts, and why one is not called', async () => {
    const gateway = await listeningGateway();
    const { body: created } = await gateway.send({ method: 'POST', path: '/batch-calls', body });
    const { id } = created.data;
    expect(await campaigns('contacts', id, '--json', '--limit', '1')).toBe(0);
    const listed = JSON.parse(out) as { contacts: { contact_id: string }[]; total: number };
    expect(listed).toMatchObject({ contacts: [{ phone_number: '+14155550132', call_status: 'pending' }], total: 2 });
    expect(await campaigns('contacts', id, '--limit', '1')).toBe(0);
    expect(out).toMatch(/pending +- +1 +\+14155550132\n1 of 2; --limit and --offset show more/);
    expect(await campaigns('contacts', id, '--status', 'failed')).toBe(0);
    expect(out).toBe('No contacts found.\n');

    const contact = listed.contacts[0]!.contact_id;
    await gateway.send({ method: 'POST', path: '/suppressions', body: { phone_number: '+14155550132' } });
    expect(await campaigns('explain', id, contact)).toBe(0);
    expect(out).toMatch(/^held by +suppressed: the number is on the suppression list$/m);
    expect(out).toContain('The contact was not called yet.');
    expect(await campaigns('explain', id, contact, '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ contact_id: contact, gate: 'suppressed', attempts: [] });
    expect(await campaigns('explain', id, NOBODY)).toBe(3);
    expect(await campaigns('contacts', NOBODY)).toBe(3);
  });

  it('get contacts and lose them, and say when they wait for more', async () => {
    const gateway = await listeningGateway();
    const open = { ...body, contacts: [], open_ended: true };
    const { body: created } = await gateway.send({ method: 'POST', path: '/batch-calls', body: open });
    const { id } = created.data;
    expect(await campaigns('show', id)).toBe(0);
    expect(out).toMatch(/^open-ended +waits for contacts to be added$/m);
    const file = await fileOf('more.json', JSON.stringify({ contacts: body.contacts }));
    expect(await campaigns('add-contacts', id, file)).toBe(0);
    expect(out).toBe('Added: 2 contacts. Already there: 0. The campaign has 2.\n');
    expect(await campaigns('add-contacts', id, file, '--json')).toBe(0);
    expect(JSON.parse(out)).toEqual({ id, added: 0, already_there: 2, total_contacts: 2 });
    expect(await campaigns('contacts', id, '--json')).toBe(0);
    const [contact] = (JSON.parse(out) as { contacts: { contact_id: string }[] }).contacts;
    expect(await campaigns('call-at', id, contact!.contact_id, '2036-03-19T15:30:00-04:00')).toBe(0);
    expect(out).toBe(`Attempt 1 is due at 2036-03-19T19:30:00.000Z: ${contact!.contact_id}\n`);
    expect(await campaigns('call-at', id, contact!.contact_id, '2036-03-19T15:30:00')).toBe(2);
    expect(await campaigns('remove-contact', id, contact!.contact_id)).toBe(0);
    expect(out).toBe(`Skipped with the reason removed: ${contact!.contact_id}\n`);
    expect(await campaigns('remove-contact', id, NOBODY)).toBe(3);
  });

  it('are listed to the end, page by page', async () => {
    const gateway = await listeningGateway();
    const { body: created } = await gateway.send({ method: 'POST', path: '/batch-calls', body });
    const { id } = created.data;
    await gateway.db.pool.query(
      `insert into campaign_contacts (campaign_id, seq, contact_id, phone_number, bucket)
       select $1, n, gen_random_uuid(), '+14155550134', 'skipped' from generate_series(3, 350) n`,
      [id],
    );
    expect(await campaigns('contacts', id, '--limit', '3', '--json')).toBe(0);
    const page = JSON.parse(out) as { contacts: object[]; next_cursor: string };
    expect(await campaigns('contacts', id, '--all', '--json')).toBe(0);
    const all = JSON.parse(out) as { contacts: { contact_id: string }[]; total: number; next_cursor?: string };
    expect(new Set(all.contacts.map(({ contact_id }) => contact_id)).size).toBe(350);
    expect([all.total, all.contacts.length, all.next_cursor]).toEqual([350, 350, undefined]);
    expect(await campaigns('contacts', id, '--all', '--cursor', page.next_cursor, '--json')).toBe(0);
    expect(JSON.parse(out)).toEqual({ contacts: all.contacts.slice(3), total: 347 });
    expect(await campaigns('contacts', id, '--all', '--status', 'pending')).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(3);

    expect(await campaigns('contacts', id, '--limit', '230', '--offset', '10', '--json')).toBe(0);
    const middle = JSON.parse(out) as typeof all;
    expect(middle.contacts).toEqual(all.contacts.slice(10, 240));
    expect(await campaigns('contacts', id, '--limit', '9999', '--cursor', middle.next_cursor ?? '', '--json')).toBe(0);
    expect((JSON.parse(out) as typeof all).contacts).toEqual(all.contacts.slice(240));
  });

  it('are deleted once they are over, after a confirmation', async () => {
    const gateway = await listeningGateway();
    const { body: created } = await gateway.send({ method: 'POST', path: '/batch-calls', body });
    const { id } = created.data;
    expect(await campaigns('delete', id)).toBe(2);
    expect(err).toContain('--yes');
    expect(await campaigns('delete', id, '--yes')).toBe(4);
    await gateway.db.pool.query("update campaigns set status = 'completed' where id = $1", [id]);
    expect(await campaigns('delete', id, '--yes', '--json')).toBe(0);
    expect(JSON.parse(out)).toEqual({ id, deleted: true });
    expect(await campaigns('show', id)).toBe(3);
  });

  it('are paused all at once, and those that are not are named', async () => {
    const answers = new Map<string, string>();
    const gateway = await listeningGateway({
      campaigns: {
        pause: async (id) => {
          const status = answers.get(id);
          if (status === 'unanswered') return { acknowledged: false };
          await gateway.db.pool.query("update campaigns set status = 'paused' where id = $1", [id]);
          return {
            acknowledged: true,
            status: 'paused',
            paused_at: '2026-03-18T15:00:00.000Z',
            live: [`${id}.1.1`],
            unknown: [],
          };
        },
        resume: refuse,
        cancel: refuse,
        edit: refuse,
      },
    });
    const ids: string[] = [];
    for (const _ of [1, 2, 3]) {
      const { body: created } = await gateway.send({ method: 'POST', path: '/batch-calls', body });
      ids.push(created.data.id);
    }
    await gateway.db.pool.query("update campaigns set status = 'completed' where id = $1", [ids[2]]);
    answers.set(ids[1]!, 'unanswered');
    expect(await campaigns('pause', '--all', '--json')).toBe(5);
    expect(JSON.parse(out)).toMatchObject({
      paused: [{ id: ids[0], live: [`${ids[0]}.1.1`] }],
      not_paused: [{ id: ids[1] }],
    });
    answers.clear();
    expect(await campaigns('pause', '--all')).toBe(0);
    expect(out).toContain('1 campaign paused.');
    expect(await campaigns('pause')).toBe(2);
    expect(await campaigns('pause', ids[0]!, '--all')).toBe(2);
  });

  it('are forecast, running or only thought of', async () => {
    const gateway = await listeningGateway();
    const { body: created } = await gateway.send({ method: 'POST', path: '/batch-calls', body });
    const { id } = created.data;
    expect(await campaigns('forecast', id, '--call-seconds', '60', '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      outcome: 'finishes',
      contacts: 2,
      assumed: { call_seconds: 60, call_seconds_from: 'request' },
    });
    const file = await fileOf(
      'campaign.json',
      JSON.stringify({ contact_count: 1_000, timezone: 'UTC', max_calls_per_day: 100 }),
    );
    expect(await campaigns('forecast', file, '--retry-share', '0.5')).toBe(0);
    expect(out).toMatch(/^contacts +1000 to be called$/m);
    expect(out).toMatch(/^calls +1000 on \d+ days, [\d.]+ a day$/m);
    expect(out).toMatch(/^limited by +daily_cap \(without it: \S+Z\)/m);
    expect(out).toMatch(/^assumed +a call takes 120 s \(default\), 50% of calls are retried \(request\)$/m);
    expect(await campaigns('forecast', NOBODY)).toBe(3);
    expect(await campaigns('forecast', file, '--retry-share', '2')).toBe(2);
    expect(await campaigns('forecast', await fileOf('campaign.json', '{"contact_count": 0}'), '--json')).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { details: { field: 'contact_count' } } });
    expect(await campaigns('forecast', await fileOf('campaign.json', '[]'))).toBe(2);
  });

  it('are refused with the field at fault, or the reason', async () => {
    await listeningGateway();
    expect(
      await campaigns('start', await fileOf('campaign.json', JSON.stringify({ ...body, timezone: 'EDT' })), '--json'),
    ).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'validation_error', details: { field: 'timezone' } } });
    expect(err).toContain('timezone');
    expect(await campaigns('start', await fileOf('campaign.json', '{"name": "Ada'))).toBe(2);
    expect(err).not.toContain('Ada');
    expect(await campaigns('start', '/nowhere/campaign.json')).toBe(2);
    expect(await campaigns('show', NOBODY)).toBe(3);
    expect(await campaigns('list', '--key', 'wrong')).toBe(2);
    vi.stubEnv('RINGFENCE_API_KEY', '');
    expect(await campaigns('list')).toBe(2);
    expect(err).toContain('RINGFENCE_API_KEY');
  });

  it('cannot be reached where no gateway is', async () => {
    expect(await campaigns('list', '--url', 'http://127.0.0.1:1', '--key', 'any')).toBe(5);
    expect(err).toContain('Nothing listens at http://127.0.0.1:1');
    expect(await campaigns('list', '--url', 'not a url', '--key', 'any')).toBe(2);
    expect(err).toContain('The base URL is no URL');
  });
});

describe('campaigns, through Temporal', () => {
  it('are paused, resumed, edited and cancelled without a gateway', async () => {
    const harness = await SystemHarness.start();
    closing.push(() => harness.close());
    vi.stubEnv('TEMPORAL_ADDRESS', inject('temporalAddress'));
    const id = await harness.startCampaign(3, { max_concurrent_calls: 2 });
    closing.push(() =>
      harness
        .handle(id)
        .terminate()
        .catch(() => {}),
    );
    await vi.waitFor(() => expect(harness.simulator.ledger().accepted).toBe(2));

    expect(await campaigns('pause', id)).toBe(0);
    expect(out).toMatch(/^Paused since .*\nLive until they end: \S+, \S+\n$/);
    expect(await campaigns('pause', id.toUpperCase(), '--json')).toBe(4);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'wrong_state' } });
    expect(await campaigns('resume', id.toUpperCase(), '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ acknowledged: true, status: 'active' });
    expect(await campaigns('pause', NOBODY)).toBe(3);
    expect(await campaigns('pause', `{${id}}`)).toBe(3);

    expect(await campaigns('edit', id, '--max-concurrent-calls', '3', '--daily-cap', '50')).toBe(0);
    expect(out).toMatch(/^Changed at \S+; the campaign is active/);
    await vi.waitFor(() => expect(harness.simulator.ledger().accepted).toBe(3));
    const hours = await fileOf(
      'campaign.json',
      JSON.stringify({ start_time: '00:00', end_time: '24:00', max_concurrent_calls: 9 }),
    );
    expect(await campaigns('edit', id, '--file', hours, '--max-concurrent-calls', '4', '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ status: 'active', edited_at: expect.any(String) });
    expect((await harness.api('GET', `/batch-calls/${id}`)).data).toMatchObject({
      max_concurrent_calls: 4,
      max_calls_per_day: 50,
      start_time: '00:00',
      end_time: '24:00',
    });
    expect(await campaigns('edit', id, '--daily-cap', 'none', '--start-time', 'none', '--end-time', 'none')).toBe(0);
    expect((await harness.api('GET', `/batch-calls/${id}`)).data).toMatchObject({
      max_calls_per_day: null,
      start_time: null,
      end_time: null,
      max_concurrent_calls: 4,
    });
    const byWeekday = [
      '--calling-hours',
      '1-7 00:00-12:00,12:00-24:00',
      '--holidays',
      'us-fl',
      '--day-timezone',
      'UTC',
    ];
    expect(await campaigns('edit', id, ...byWeekday)).toBe(0);
    expect((await harness.api('GET', `/batch-calls/${id}`)).data).toMatchObject({
      calling_hours: [
        { days: [1, 2, 3, 4, 5, 6, 7], start: '00:00', end: '12:00' },
        { days: [1, 2, 3, 4, 5, 6, 7], start: '12:00', end: '24:00' },
      ],
      start_time: null,
      working_days: null,
      holidays: 'US-FL',
      day_timezone: 'UTC',
    });
    expect(await campaigns('edit', id, '--working-days', '1')).toBe(2);
    expect(err).toContain('does not replace calling_hours');
    expect(await campaigns('edit', id, '--holidays', 'US-XX')).toBe(2);
    expect(err).toContain('has no "XX" in US');
    const short = ['--start-time', 'none', '--end-time', 'none', '--working-days', '1,2,3,4,5,6,7'];
    expect(await campaigns('edit', id, ...short, '--holidays', 'none')).toBe(0);
    expect((await harness.api('GET', `/batch-calls/${id}`)).data).toMatchObject({
      calling_hours: [{ days: [1, 2, 3, 4, 5, 6, 7], start: '00:00', end: '24:00' }],
      working_days: [1, 2, 3, 4, 5, 6, 7],
      holidays: null,
    });
    expect(await campaigns('edit', id, '--start-time', '09:00', '--json')).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'validation_error', details: { field: 'end_time' } } });
    expect(await campaigns('edit', id, '--scheduled-at', '2099-01-01T00:00:00Z')).toBe(2);
    expect(err).toContain('scheduled_at');
    expect(await campaigns('edit', NOBODY, '--daily-cap', '1')).toBe(3);

    expect(await campaigns('cancel', NOBODY, '--yes')).toBe(3);
    expect(await campaigns('cancel', id)).toBe(2);
    expect(err).toContain('--yes');
    expect((await harness.campaigns.progress(id)).status).toBe('active');
    expect(await campaigns('cancel', id, '--yes')).toBe(0);
    expect(out).toMatch(/^Cancelled at .*Live calls run to their end/);
    expect(await campaigns('resume', id)).toBe(4);
    expect(await campaigns('edit', id, '--daily-cap', '1')).toBe(4);
  });
});
