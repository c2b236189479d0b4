/** All that is sent, to every route that reads something. */
import { gzipSync } from 'node:zlib';
import { signTruedy } from '../../providers/truedy/signature.ts';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { type Attack, type Targets } from './attack.ts';
import { FILES } from './files.ts';
import { filled } from './filled.ts';
import { ANY_JSON, CAMPAIGN_JSON, type JsonBody, PEOPLE_JSON } from './json-bodies.ts';

const KIB = 1_024;
const MIB = KIB * KIB;
/** Of the request's line and headers, which Node.js takes up to 16 KiB. */
const HEAD = 15 * KIB;
const WEBHOOK_BYTES = 256 * KIB;

/** A route that reads JSON, and the largest body that it takes. */
interface JsonRoute {
  readonly route: string;
  readonly path: string;
  readonly size: number;
  readonly bodies: readonly JsonBody[];
}

export function attacksOn(targets: Targets): readonly Attack[] {
  return [
    ...jsonRoutes(targets).flatMap(({ route, path, size, bodies }) =>
      bodies.map(({ name, of }): Attack => json({ name, route, path }, () => of(size))),
    ),
    ...largeCampaigns(targets),
    ...FILES,
    ...forecasts(),
    ...pages(targets),
    ...webhooks(targets),
    ...heads(targets),
  ];
}

function jsonRoutes({ campaignId }: Targets): readonly JsonRoute[] {
  const campaign = `/batch-calls/${campaignId}`;
  const small = (route: string, path: string, bodies = ANY_JSON) => ({ route, path, size: 64 * KIB, bodies });
  return [
    {
      route: 'POST /batch-calls',
      path: '/batch-calls',
      size: 10 * MIB,
      bodies: [...ANY_JSON, ...CAMPAIGN_JSON, ...PEOPLE_JSON],
    },
    {
      route: 'POST /batch-calls/forecast',
      path: '/batch-calls/forecast',
      size: 10 * MIB,
      bodies: [...ANY_JSON, ...CAMPAIGN_JSON, ...PEOPLE_JSON],
    },
    { route: 'POST /contacts', path: '/contacts', size: MIB, bodies: ANY_JSON },
    small('PATCH /batch-calls/{id}', campaign, [...ANY_JSON, ...CAMPAIGN_JSON]),
    small('POST /batch-calls/{id}/resume', `${campaign}/resume`),
    small('POST /batch-calls/{id}/restart', `${campaign}/restart`),
    small('POST /contacts/folders', '/contacts/folders'),
    small('POST /suppressions', '/suppressions'),
  ];
}

/** Small bodies that bring much. */
function largeCampaigns({ largestContacts, largestFolder }: Targets): readonly Attack[] {
  const terms = {
    name: 'n',
    agent_id: 'a',
    schedule_type: 'scheduled',
    scheduled_at: '2099-01-01T00:00:00Z',
  };
  const each = (name: string, people: object): Attack[] =>
    ['/batch-calls', '/batch-calls/forecast'].map((path) =>
      json({ name, route: `POST ${path}`, path }, () => Buffer.from(JSON.stringify({ ...terms, ...people }))),
    );
  return [
    ...each('contact_ids of 10,000 contacts as large as any', { contact_ids: largestContacts }),
    ...each('a folder of 10,000 contacts as large as any', {
      contact_source: 'folder',
      contact_folder_id: largestFolder,
    }),
  ];
}

function forecasts(): readonly Attack[] {
  const forecast = (name: string, body: object): Attack =>
    json({ name, route: 'POST /batch-calls/forecast', path: '/batch-calls/forecast' }, () =>
      Buffer.from(JSON.stringify(body)),
    );
  const day = (n: number) => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10);
  return [
    forecast('a hundred million calls, one at a time', {
      contact_count: 100_000_000,
      max_concurrent_calls: 1,
      call_seconds: 14_400,
      start_time: '09:00',
      end_time: '09:01',
    }),
    forecast('a hundred million contacts with ten retries', {
      contact_count: 100_000_000,
      max_concurrent_calls: 2_000,
      call_seconds: 1,
      retry_share: 1,
      max_retry_attempts: 10,
      retry_delay_minutes: [0, 1, 2, 3, 5, 7, 11, 13, 17, 19],
      max_calls_per_day: 1,
    }),
    forecast('hours that hardly ever open', {
      contact_count: 100_000_000,
      working_days: [1],
      blackout_dates: Array.from({ length: 1_000 }, (_, n) => day(n)),
      timezone: 'Africa/Casablanca',
      start_time: '23:59',
      end_time: '24:00',
    }),
  ];
}

function pages({ campaignId, largestFolder }: Targets): readonly Attack[] {
  const page = (name: string, route: string, path: string): Attack => ({
    name,
    route: `GET ${route}`,
    method: 'GET',
    path: API_ROOT + path,
  });
  return [
    page('a page of contacts as large as any', '/contacts', `/contacts?limit=100&folder_id=${largestFolder}`),
    page('a page of campaigns', '/batch-calls', '/batch-calls?limit=100'),
    page(
      'a page of a campaign’s contacts',
      '/batch-calls/{id}/contacts',
      `/batch-calls/${campaignId}/contacts?limit=100`,
    ),
  ];
}

function webhooks({ webhookSecret }: Targets): readonly Attack[] {
  const event = (name: string, body: () => Buffer, signed: boolean): Attack => ({
    name,
    route: 'POST /webhooks/{provider}',
    method: 'POST',
    path: '/webhooks/truedy',
    headers: (bytes) => {
      const timestamp = String(Math.floor(Date.now() / 1000));
      const signature = signed ? signTruedy(webhookSecret, timestamp, bytes) : '0'.repeat(64);
      return { 'content-type': 'application/json', 'x-truedy-timestamp': timestamp, 'x-truedy-signature': signature };
    },
    body,
  });
  return ANY_JSON.flatMap(({ name, of }) => [
    event(`${name}, signed`, () => of(WEBHOOK_BYTES), true),
    event(`${name}, forged`, () => of(WEBHOOK_BYTES), false),
  ]);
}

/** What stands before a body, or makes one small that is large. */
function heads({ campaignId }: Targets): readonly Attack[] {
  const get = (name: string, path: string, headers: Attack['headers'] = {}): Attack => ({
    name,
    route: 'GET /batch-calls',
    method: 'GET',
    path: API_ROOT + path,
    headers,
  });
  const query = (piece: string) => filled(HEAD, ['?', piece, '']).toString();
  return [
    get('a query of thousands of fields', `/batch-calls${query('a&')}`),
    get('a query of one field, thousands of times', `/batch-calls${query('limit=1&')}`),
    get('a query of escapes', `/batch-calls${filled(HEAD, ['?agent_id=', '%25', '']).toString()}`),
    get('a query of broken escapes', `/batch-calls${filled(HEAD, ['?agent_id=', '%', '']).toString()}`),
    get('a path of escapes', `/batch-calls/${'%2e'.repeat(HEAD / 3)}`),
    get('a path of thousands of parts', `/batch-calls${'/a'.repeat(HEAD / 2)}`),
    get('an id of many kilobytes', `/batch-calls/${campaignId}${'0'.repeat(HEAD)}`),
    get(
      'thousands of headers',
      '/batch-calls',
      Object.fromEntries(Array.from({ length: 1_800 }, (_, n) => [`x${n}`, '1'])),
    ),
    get('one header, thousands of times', '/batch-calls', { x: Array.from({ length: 2_500 }, () => '1') }),
    get('headers larger than any may be', '/batch-calls', { x: 'x'.repeat(64 * KIB) }),
    {
      ...json({ name: 'a gzip that grows a thousandfold', route: 'POST /batch-calls', path: '/batch-calls' }, () =>
        gzipSync(Buffer.alloc(512 * MIB, 0x20)),
      ),
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    },
  ];
}

function json(
  { name, route, path }: { readonly name: string; readonly route: string; readonly path: string },
  body: () => Buffer,
): Attack {
  return {
    name,
    route,
    method: route.slice(0, route.indexOf(' ')),
    path: API_ROOT + path,
    headers: {
      'content-type': 'application/json',
      'x-idempotency-key': `${name} ${route}`.replace(/[^\x20-\x7e]/g, ''),
    },
    body,
  };
}
