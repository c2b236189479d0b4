/** `stop` and `start` at the command line, as administrators use them. */
import { afterAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { listStops } from '../../db/stops.ts';
import { captureCli, err, out, runCli } from '../support/harness/cli.ts';
import { openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { fictitiousPerson } from '../support/factories/people.ts';

captureCli();

const gateway: TestGateway = await openGateway();
afterAll(() => gateway.close());
beforeEach(async () => {
  await gateway.db.pool.query('delete from stops');
  vi.stubEnv('DATABASE_URL', gateway.db.url);
  vi.stubEnv('TEMPORAL_ADDRESS', inject('temporalAddress'));
});

async function create(people = 1): Promise<{ readonly id: string }> {
  const contacts = Array.from({ length: people }, (_, index) => fictitiousPerson(index));
  const body = { name: 'Reminders', agent_id: 'agent-1', contacts };
  return (await gateway.send({ method: 'POST', path: '/batch-calls', body })).body.data;
}

const waitingFor = async (id: string) => (await gateway.send({ path: `/batch-calls/${id}` })).body.data?.waiting_for;

describe('stop', () => {
  it('holds without Temporal, says so, and is seen at once', async () => {
    const { id } = await create(2);
    vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
    expect(await runCli('stop', '--all', '--reason', 'a leaked key', '--json')).toBe(0);
    const answer = JSON.parse(out) as { campaigns: { id: string }[]; not_told: string[] };
    expect(answer).toMatchObject({ scope: 'all', already: false, acknowledged: true, reason: 'a leaked key' });
    expect(answer.campaigns.find((campaign) => campaign.id === id)).toMatchObject({
      account: 'acme',
      connection: 'truedy',
      live: [],
      unknown: [],
    });
    expect(answer.not_told).toContain(id);
    expect(await waitingFor(id)).toBe('stopped');
    const contacts = (await gateway.send({ path: `/batch-calls/${id}/contacts` })).body.data as unknown as {
      contact_id: string;
    }[];
    const explained = await gateway.send({ path: `/batch-calls/${id}/contacts/${contacts[0]!.contact_id}` });
    expect(explained.body.data).toMatchObject({ gate: 'stopped', next_eligible_at: null });

    vi.stubEnv('TEMPORAL_ADDRESS', inject('temporalAddress'));
    expect(await runCli('stop', '--all')).toBe(0);
    expect(out).toMatch(/^Stopped already since \S+: all campaigns\.\nNo further call is dialled until/);
    expect(await runCli('start', '--all', '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ scope: 'all', still_stopped: [] });
    expect(await waitingFor(id)).not.toBe('stopped');
  });

  it.each([
    [['--account', 'nobody'], 3, 'There is no account of this name'],
    [['--connection', 'nowhere'], 3, 'There is no connection of this name'],
    [[], 2, 'Give one of --all, --account and --connection'],
    [['--all', '--account', 'acme'], 2, 'Give one of --all, --account and --connection'],
  ])('%s is refused', async (options, code, message) => {
    expect(await runCli('stop', ...options)).toBe(code);
    expect(err).toContain(message);
    expect(await listStops(gateway.db.pool)).toEqual([]);
  });
});

describe('start', () => {
  it('ends no other stop, and says which there are', async () => {
    expect(await runCli('start', '--all')).toBe(3);
    expect(err).toContain('No stop is in force');
    expect(await runCli('stop', '--account', 'acme')).toBe(0);
    expect(await runCli('start', '--all')).toBe(3);
    expect(err).toContain('In force: --account acme');
    expect(await listStops(gateway.db.pool)).toHaveLength(1);
  });

  it('is named so that a shell understands it', async () => {
    await gateway.db.pool.query('insert into accounts (name) values ($1)', ["Ann's shop"]);
    expect(await runCli('stop', '--account', "Ann's shop")).toBe(0);
    expect(out).toContain(String.raw`"ringfence start --account 'Ann'\''s shop'"`);
  });

  it('lets go on what no other stop covers, and leaves what is paused', async () => {
    const { pool } = gateway.db;
    const [goes, paused] = [await create(), await create()];
    await pool.query(`update campaigns set status = 'paused' where id = $1`, [paused.id]);
    expect(await runCli('stop', '--account', 'acme')).toBe(0);
    expect(await runCli('stop', '--connection', 'truedy')).toBe(0);
    const ids = (entries: readonly { id: string }[]) => entries.map(({ id }) => id);
    expect(await runCli('start', '--account', 'acme', '--json')).toBe(0);
    const first = JSON.parse(out) as { resumed: { id: string }[]; still_stopped: string[] };
    expect(ids(first.resumed)).not.toContain(goes.id);
    expect(first.still_stopped).toContain(goes.id);
    expect(await runCli('start', '--connection', 'truedy', '--json')).toBe(0);
    const last = JSON.parse(out) as { resumed: { id: string }[]; left: { id: string }[] };
    expect(ids(last.resumed)).toContain(goes.id);
    expect(ids(last.resumed)).not.toContain(paused.id);
    expect(ids(last.left)).toContain(paused.id);
  });
});
