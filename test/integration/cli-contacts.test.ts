import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { KEYS } from '../support/harness/gateway.ts';
import { captureCli, closing, err, fileOf, listeningGateway, out, runCli } from '../support/harness/cli.ts';

captureCli();

const contacts = (...args: string[]) => runCli('contacts', ...args);

function onStdin(text: string): void {
  const stdin = Readable.from([Buffer.from(text)]);
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(stdin as unknown as typeof process.stdin);
}

/** Several people behind one switchboard that nobody has. */
const manyPeople = (people: number) =>
  `phone,first_name\n${Array.from({ length: people }, (_, row) => `+12125550101 x${row},Ada\n`).join('')}`;

describe('contacts import', () => {
  const file = 'phone,first_name\n+12125550101,Ada\n2125550102,Grace\n911,Nobody\n+12125550101,Ada\n';

  it('brings a file into a folder and says what became of each row', async () => {
    const gateway = await listeningGateway();
    const { body } = await gateway.send({ method: 'POST', path: '/contacts/folders', body: { name: 'Spring' } });
    const folder = body.data.id;
    const path = await fileOf('contacts.csv', file);
    expect(await contacts('import', path, '--folder', folder, '--default-country', 'us')).toBe(0);
    expect(out).toMatch(
      /^Imported +2\nUpdated +0\nSkipped +1 .*\nErrors +1\n\nRow +Reason +Phone field\n4 +\S+ +911\n$/,
    );
    const { body: listed } = await gateway.send({ path: `/contacts?folder_id=${folder}` });
    expect(listed.items).toHaveLength(2);

    onStdin('phone,first_name\n+12125550101,Augusta\n');
    expect(await contacts('import', '-', '--folder', folder, '--overwrite', '--json')).toBe(0);
    expect(JSON.parse(out)).toEqual({ imported: 0, updated: 1, skipped: 0, errors: 0, error_details: [] });

    expect(await contacts('folders', '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ folders: [{ id: folder, name: 'Spring' }], total: 1 });
    expect(await contacts('folders')).toBe(0);
    expect(out).toMatch(/^Id +Created +Name\n/);
  });

  it('streams a file that is larger than any other body may be', async () => {
    const gateway = await listeningGateway({ bodyLimit: 10_000 });
    expect(await contacts('import', await fileOf('contacts.csv', manyPeople(20_000)), '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ imported: 20_000, errors: 0 });
    const { rows: counted } = await gateway.db.pool.query('select count(*)::int as contacts from contacts');
    expect(counted).toEqual([{ contacts: 20_000 }]);
  });

  it('shows how far it is on a terminal, and only there', async () => {
    await listeningGateway();
    const path = await fileOf('contacts.csv', manyPeople(1_000));
    let shown = '';
    const write = (chunk: Buffer, _: unknown, done: () => void) => {
      shown += chunk.toString();
      done();
    };
    const stderr = Object.assign(new Writable({ write }), { isTTY: false, columns: 80 });
    vi.spyOn(process, 'stderr', 'get').mockReturnValue(stderr as unknown as typeof process.stderr);
    expect(await contacts('import', path)).toBe(0);
    expect(shown).toBe('');
    stderr.isTTY = true;
    expect(await contacts('import', path)).toBe(0);
    expect(shown).toMatch(/100% \| 0\.0 of 0\.0 MB/);
  });

  it('is refused with the reason, also when the gateway answers before the file has arrived', async () => {
    await listeningGateway();
    const path = await fileOf('contacts.csv', manyPeople(200_000));
    expect(await contacts('import', path, '--key', KEYS.read)).toBe(2);
    expect(err).toContain('scope "write"');
    expect(await contacts('import', path, '--key', 'wrong-key', '--json')).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'unauthorized', details: { http_status: 401 } } });
    expect(await contacts('import', path, '--folder', 'spring')).toBe(2);
    expect(err).toContain('folder_id must be the id of a folder');
    expect(await contacts('import', await fileOf('contacts.csv', 'phone\n"+12125550101\n'))).toBe(2);
    expect(err).toContain('The quote that opens on line 2 is never closed');
    expect(await contacts('import', '/nowhere/contacts.csv')).toBe(2);
    expect(err).toContain('cannot be read');
    expect(await contacts('import', path, '--url', 'http://127.0.0.1:1')).toBe(5);
  });

  it('says what went wrong with a file that cannot be read to its end, and imports nobody', async () => {
    const gateway = await listeningGateway();
    const broken = (async function* () {
      yield Buffer.from('phone\n+12125550101\n');
      throw new Error('the disk is gone');
    })();
    const source = Object.assign(broken, {}) as unknown as typeof process.stdin;
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(source);
    expect(await contacts('import', '-')).toBe(2);
    expect(err).toContain('the disk is gone');
    const { body } = await gateway.send({ path: '/contacts' });
    expect(body.items).toEqual([]);
  });
});

describe('contacts suppress', () => {
  it('puts numbers on the list, lists them and takes them off', async () => {
    await listeningGateway();
    expect(await contacts('suppressed')).toBe(0);
    expect(out).toBe('No numbers found.\n');
    expect(await contacts('suppress', '+1 212 555 0101', '--reason', 'asked')).toBe(0);
    expect(out).toBe('On the list: 1.\n');
    const file = await fileOf('contacts.csv', '+12125550102\n\n+12125550103\n');
    expect(await contacts('suppress', '--file', file, '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      suppressed: [{ phone_number: '+12125550102' }, { phone_number: '+12125550103', reason: null }],
    });
    expect(await contacts('suppressed', '--limit', '2')).toBe(0);
    expect(out).toContain('2 of 3; --limit and --offset show more.');
    expect(await contacts('suppressed', '--offset', '2')).toBe(0);
    expect(out).toMatch(/^\+12125550101 +\S+ +asked$/m);
    expect(await contacts('suppressed', '--limit', '1', '--json')).toBe(0);
    const { next_cursor } = JSON.parse(out) as { next_cursor: string };
    expect(await contacts('suppressed', '--limit', '1', '--cursor', next_cursor, '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ suppressions: [{ phone_number: '+12125550102' }], total: 3 });
    expect(await contacts('suppressed', '--cursor', `${next_cursor}x`)).toBe(2);
    expect(err).toContain('leave cursor out to begin with the first page');

    expect(await contacts('unsuppress', '+12125550102')).toBe(0);
    expect(await contacts('unsuppress', '+12125550102')).toBe(3);
    expect(await contacts('suppressed', '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ total: 2 });
  });

  it('waits as long as the gateway asks for, and leaves nobody out', async () => {
    const asked: string[] = [];
    // A gateway that has had enough for now: its own limit opens only after a minute.
    const answer = async (request: IncomingMessage, response: ServerResponse) => {
      asked.push(((await json(request)) as { phone_number: string }).phone_number);
      const meta = { request_id: 'r', ts: new Date().toISOString() };
      if (asked.length === 2) {
        const error = { code: 'rate_limit_exceeded', message: 'Too many requests.', details: {} };
        response.writeHead(429, { 'retry-after': '1' }).end(JSON.stringify({ error, meta }));
      } else {
        const data = { phone_number: asked.at(-1), reason: null, created_at: meta.ts };
        response.writeHead(201).end(JSON.stringify({ data, meta }));
      }
    };
    const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(
      async () => server.closeAllConnections(),
      async () => server.close(),
    );
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const numbers = ['+12125550101', '+12125550102', '+12125550103'];
    expect(await contacts('suppress', ...numbers, '--url', url, '--key', 'any', '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ suppressed: numbers.map((phone_number) => ({ phone_number })) });
    expect(asked).toEqual([numbers[0], numbers[1], numbers[1], numbers[2]]);
  });
});
