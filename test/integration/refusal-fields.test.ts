/** Whatever input is at fault, the refusal names it: every route, by the gateway's own description. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signTruedy } from '../../providers/truedy/signature.ts';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { type ApiCall, KEYS, openGateway, type TestGateway, WEBHOOK_SECRET } from '../support/harness/gateway.ts';
import { filled, type Operation, operationsOf } from '../support/probes/openapi.ts';
import { SMALLEST_BODIES } from '../support/factories/smallest-bodies.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const CREATE = `POST ${API_ROOT}/batch-calls`;
const CHANGE = `PATCH ${API_ROOT}/batch-calls/{id}`;
const ADD = `POST ${API_ROOT}/contacts`;
/** Wrong for every field: a list where there should be none, and else of things that no list holds. */
const NOT_THIS = [{ no: [] }];
const json = { 'content-type': 'application/json' };
const csv = { 'content-type': 'text/csv' };

const person = { phone_number: '+14155550101' };
const BOUNDARY = 'boundary-of-the-form';
const formType = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };

function form(...parts: readonly (readonly [name: string, value: string])[]): string {
  const written = parts.map(([name, value]) => {
    const file = name === 'file' ? '; filename="people.csv"\r\nContent-Type: text/csv' : '';
    return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${value}\r\n`;
  });
  return `${written.join('')}--${BOUNDARY}--\r\n`;
}

function fromFolder(contact_folder_id: string): object {
  return { contacts: [], contact_source: 'folder', contact_folder_id };
}

function withCustom(custom_fields: object): object {
  return { ...person, custom_fields };
}

function signed(body: string, at: number, secret = WEBHOOK_SECRET): Record<string, string> {
  const timestamp = String(Math.floor(at / 1_000));
  return {
    'x-truedy-timestamp': timestamp,
    'x-truedy-signature': signTruedy(secret, timestamp, Buffer.from(body)),
    'content-type': 'application/json',
  };
}

let gateway: TestGateway;
let operations: Operation[];
/** What the account has, by the names of the parameters that mean it. */
let own: Readonly<Record<string, string>>;

beforeAll(async () => {
  gateway = await openGateway({ bodyLimit: 100_000, requestsPerMinute: 1_000_000 });
  operations = (await operationsOf(gateway.app)).filter(({ needsKey }) => needsKey);
  const { body } = await gateway.send({ method: 'POST', path: '/batch-calls', body: SMALLEST_BODIES[CREATE] });
  const campaign = body.data.id;
  const { items } = (await gateway.send({ path: `/batch-calls/${campaign}/contacts` })).body;
  own = {
    id: campaign,
    contact_id: String(items[0]?.contact_id),
    call_id: `${campaign}.1.1`,
    phone_number: '+14155550100',
    name: 'truedy',
  };
});
afterAll(() => gateway.close());

interface Request extends Pick<ApiCall, 'body' | 'headers' | 'key'> {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
}

/** What is answered, as `status field`. */
async function refusalOf(operation: Operation, { params = {}, query = '', ...rest }: Request): Promise<string> {
  const path = filled(operation, { ...own, ...params }).replace(API_ROOT, '') + query;
  const { status, body } = await gateway.send({ method: operation.method as 'GET', path, ...rest });
  return `${status} ${String(body.error?.details.field)}`;
}

function operation(name: string): Operation {
  return operations.find((known) => known.name === name)!;
}

describe('every route', () => {
  it('names the key where there is none, or where it may only read', async () => {
    for (const one of operations) {
      expect(await refusalOf(one, { key: null }), one.name).toBe('401 Authorization');
      if (one.method !== 'GET') {
        expect(await refusalOf(one, { key: KEYS.read }), one.name).toBe('403 Authorization');
      }
    }
  });

  it('names the part of its path that names nothing', async () => {
    const tried = new Set<string>();
    for (const one of operations) {
      for (const { name, isId } of one.parameters.filter((parameter) => parameter.in === 'path')) {
        const unknown = name === 'call_id' ? [`${own.id}.7.1`] : isId ? [NOBODY] : ['+14155550198'];
        for (const value of ['no-id', ...unknown]) {
          const body = SMALLEST_BODIES[one.name];
          const refusal = await refusalOf(one, { params: { [name]: value }, ...(body ? { body } : {}) });
          expect(refusal, `${one.name} ${name} ${value}`).toBe(`404 ${name}`);
        }
        tried.add(name);
      }
    }
    expect([...tried].sort()).toEqual(['call_id', 'contact_id', 'id', 'name', 'phone_number']);
  });

  it('names the parameter of its query that is wrong', async () => {
    let tried = 0;
    for (const one of operations) {
      const parameters = one.parameters.filter((parameter) => parameter.in === 'query');
      for (const name of parameters.length === 0 ? [] : [...parameters.map(({ name }) => name), 'no_such_one']) {
        expect(await refusalOf(one, { query: `?${name}=%00`, headers: bodyless(one) }), `${one.name} ${name}`).toBe(
          `422 ${name}`,
        );
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(20);
  });

  it('names the header that is wrong', async () => {
    let tried = 0;
    for (const one of operations) {
      for (const { name } of one.parameters.filter((parameter) => parameter.in === 'header')) {
        const refusal = await refusalOf(one, {
          headers: { [name]: 'x'.repeat(256) },
          body: SMALLEST_BODIES[one.name],
        });
        expect(refusal, one.name).toBe('422 X-Idempotency-Key');
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(0);
  });

  it.each<[string, Request, string]>([
    ['no body', {}, '422 body'],
    ['an empty body', { body: '', headers: json }, '400 body'],
    ['half of a body', { body: '{"name": "x', headers: json }, '400 body'],
    ['a prototype', { body: '{"__proto__": {}}', headers: json }, '400 body'],
    ['a list', { body: [] }, '422 body'],
    ['a text', { body: '"x"', headers: json }, '422 body'],
    ['null', { body: 'null', headers: json }, '422 body'],
    ['a field of another name', { body: { no_such_one: 1 } }, '422 no_such_one'],
    ['another content type', { body: 'x', headers: { 'content-type': 'text/plain' } }, '415 Content-Type'],
    ['a large body', { body: { no_such_one: 'x'.repeat(200_000) } }, '413 body'],
  ])('names what is wrong with %s', async (_, { body, ...rest }, expected) => {
    const taking = operations.filter(({ name }) => name in SMALLEST_BODIES);
    expect(taking.map(({ name }) => name).sort()).toEqual(Object.keys(SMALLEST_BODIES).sort());
    for (const one of taking) {
      const adds =
        typeof body === 'object' && 'no_such_one' in body! ? { ...SMALLEST_BODIES[one.name], ...body } : body;
      expect(await refusalOf(one, { ...rest, ...(adds === undefined ? {} : { body: adds }) }), one.name).toBe(expected);
    }
  });

  it('names the field of its body that is wrong', async () => {
    let tried = 0;
    for (const one of operations) {
      for (const name of one.fields) {
        const refusal = await refusalOf(one, { body: { ...SMALLEST_BODIES[one.name], [name]: NOT_THIS } });
        expect(refusal.replace(/[[.].*/, ''), `${one.name} ${name}: ${refusal}`).toBe(`422 ${name}`);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(60);
  });
});

/** The file's route has no JSON body: a request of it needs a content type to get as far as its query. */
function bodyless({ path }: Operation): Record<string, string> {
  return path.endsWith('/import') ? csv : {};
}

describe('a refusal says what to send', () => {
  it.each<[string, unknown, string]>([
    ['no contact', 1, 'contacts[0]: must be an object that describes a contact, with its phone_number at least'],
    ['no number', {}, 'contacts[0].phone_number: must be a phone number in international form, as a text of'],
    ['a number that is one', { phone_number: 14155550101 }, 'contacts[0].phone_number: must be a phone number'],
    ['too long a number', { phone_number: '1'.repeat(201) }, 'contacts[0].phone_number: must be a phone number'],
    [
      'an extension that is a number',
      { ...person, extension: 7 },
      'contacts[0].extension: must be 1 to 20 digits, as a',
    ],
    ['a name that is none', { ...person, last_name: true }, 'contacts[0].last_name: must be a text of at most 2000'],
    ['an address that is none', { ...person, email: 5 }, 'contacts[0].email: must be a text of at most 2000'],
    ['a zone that is none', { ...person, timezone: 1 }, 'contacts[0].timezone: must be an IANA time zone such as'],
    ['a list of fields', withCustom([1]), 'contacts[0].custom_fields: must be an object of names and values'],
    [
      'too long a value',
      withCustom({ plan: 'x'.repeat(2_001) }),
      'contacts[0].custom_fields.plan: must be a text of at most 2000 characters, a number, true or false',
    ],
    [
      'an object for a value',
      withCustom({ plan: {} }),
      'contacts[0].custom_fields.plan: must be a text of at most 2000',
    ],
  ])('where a contact has %s', async (_, contact, message) => {
    const body = { ...SMALLEST_BODIES[CREATE], contacts: [contact] };
    const reply = await gateway.send({ method: 'POST', path: '/batch-calls', body });
    expect([reply.status, reply.body.error.message]).toEqual([422, expect.stringContaining(message)]);
    // The same contact by itself.
    const alone = await gateway.send({
      method: 'POST',
      path: '/contacts',
      body: JSON.stringify(contact),
      headers: json,
    });
    expect(alone.status).toBe(422);
    expect(alone.body.error.message).not.toContain('Invalid input');
  });

  it('where a file comes as another type', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const reply = await gateway.send({ method: 'POST', path: '/contacts/import', body: 'phone', headers });
    expect([reply.status, reply.body.error.message]).toEqual([
      415,
      'This route does not accept the content type: send a file as text/csv or multipart/form-data.',
    ]);
  });
});

describe('a refusal names the field', () => {
  const hours = { start_time: '09:00', end_time: '17:00' };
  const MORNING = { days: [1], start: '09:00', end: '12:00' };
  it.each<[string, string, object, string]>([
    ['one hour of two', CREATE, { start_time: '09:00' }, 'end_time'],
    ['hours of no length', CREATE, { ...hours, end_time: '09:00' }, 'end_time'],
    ['hours in both forms', CREATE, { ...hours, calling_hours: [MORNING] }, 'calling_hours'],
    [
      'a window of no length',
      CREATE,
      { calling_hours: [MORNING, { ...MORNING, end: '09:00' }] },
      'calling_hours[1].end',
    ],
    ['a region that nobody knows', CREATE, { holidays: 'FR-75' }, 'holidays'],
    ['a zone of the day that nobody knows', CREATE, { day_timezone: 'Mars/Olympus' }, 'day_timezone'],
    ['a start without its instant', CREATE, { schedule_type: 'scheduled' }, 'scheduled_at'],
    ['an instant for an immediate start', CREATE, { scheduled_at: '2030-01-01T00:00:00Z' }, 'scheduled_at'],
    ['an end that has passed', CREATE, { ends_at: '2020-01-01T00:00:00Z' }, 'ends_at'],
    ['a zone that nobody knows', CREATE, { timezone: 'Mars/Olympus' }, 'timezone'],
    ['a day twice', CREATE, { working_days: [1, 1] }, 'working_days'],
    ['a date that does not exist', CREATE, { blackout_dates: ['2026-12-24', '2026-02-30'] }, 'blackout_dates[1]'],
    ['retries of none', CREATE, { retry_failed: true, max_retry_attempts: 0 }, 'max_retry_attempts'],
    ['a folder of another account', CREATE, { ...fromFolder(NOBODY) }, 'contact_folder_id'],
    ['contacts that nobody has', CREATE, { contacts: [], contact_ids: [NOBODY] }, 'contact_ids[0]'],
    ['nobody', CREATE, { contacts: [] }, 'contacts'],
    ['a number', CREATE, { contacts: [{ phone_number: '123' }] }, 'contacts[0].phone_number'],
    [
      'an extension',
      CREATE,
      { contacts: [{ phone_number: '+14155550101 x7', extension: '8' }] },
      'contacts[0].extension',
    ],
    ['a name of a custom field', CREATE, { contacts: [withCustom({ '?': 'x' })] }, 'contacts[0].custom_fields.?'],
    ['a default country', CREATE, { contacts: [{ ...person, default_country: 'US' }] }, 'contacts[0].default_country'],
    ['values without end', CREATE, { name: Array.from({ length: 40_000 }, () => 0) }, 'name'],
    ['a field that cannot be changed', CHANGE, { agent_id: 'x' }, 'agent_id'],
    ['a start of what has none', CHANGE, { scheduled_at: '2030-01-01T00:00:00Z' }, 'scheduled_at'],
    ['hours in both forms', CHANGE, { calling_hours: [MORNING], working_days: [1] }, 'calling_hours'],
    ['a region that nobody knows', CHANGE, { holidays: 'US-XX' }, 'holidays'],
    ['retries of none', CHANGE, { retry_failed: true, max_retry_attempts: 0 }, 'max_retry_attempts'],
    ['a number', ADD, { phone_number: '123' }, 'phone_number'],
    ['a country', ADD, { default_country: 'UK' }, 'default_country'],
  ])('of %s: %s', async (_, name, more, field) => {
    const body = { ...SMALLEST_BODIES[name], ...more };
    expect(await refusalOf(operation(name), { body })).toBe(`422 ${field}`);
  });

  it('of a change of nothing, a folder that is not there, and a name that is taken', async () => {
    expect(await refusalOf(operation(CHANGE), { body: {} })).toBe('422 body');
    expect(await refusalOf(operation(ADD), { body: { ...person, folder_id: NOBODY } })).toBe('404 folder_id');
    const folders = operation(`POST ${API_ROOT}/contacts/folders`);
    const body = { name: 'Twice' };
    await refusalOf(folders, { body });
    expect(await refusalOf(folders, { body })).toBe('409 name');
  });

  it('of a large body that is no JSON, and of one with more values than any has', async () => {
    const long = ' '.repeat(70_000);
    expect(await refusalOf(operation(CREATE), { body: `{"name": "x"${long}`, headers: json })).toBe('400 body');
    expect(await refusalOf(operation(CREATE), { body: `[${'[],'.repeat(2_000)}0${long}]`, headers: json })).toBe(
      '422 body',
    );
  });

  it('of an idempotency key that was used for another request', async () => {
    const headers = { 'x-idempotency-key': 'once' };
    await refusalOf(operation(CREATE), { headers, body: SMALLEST_BODIES[CREATE] });
    const other = { ...SMALLEST_BODIES[CREATE], name: 'Another' };
    expect(await refusalOf(operation(CREATE), { headers, body: other })).toBe('422 X-Idempotency-Key');
  });

  it.each([
    ['/nowhere', '404 path'],
    ['/batch-calls/%zz', '400 path'],
    [`/batch-calls/${'1'.repeat(101)}`, '400 path'],
  ])('of an address that does not exist: %s', async (path, expected) => {
    const { status, body } = await gateway.send({ path });
    expect(`${status} ${String(body.error.details.field)}`).toBe(expected);
  });

  it.each<[string, string | Buffer, Record<string, string>, string]>([
    ['no rows', '', csv, '422 file'],
    ['no column for the number', 'name\nAnn\n', csv, '422 file'],
    ['two columns for the number', 'phone,phone\n1,2\n', csv, '422 file'],
    ['two columns of one name', 'phone,plan,plan\n', csv, '422 file'],
    ['a column that cannot be named so', 'phone,ringfence_id\n', csv, '422 file'],
    ['a column too many', `phone,${Array.from({ length: 101 }, (_, at) => `f${at}`).join()}\n`, csv, '422 file'],
    ['columns without end', `phone${','.repeat(1_001)}\n`, csv, '422 file'],
    ['data for names', '+14155550101\n', csv, '422 file'],
    ['a quote that stays open', 'phone\n"+14155550101\n', csv, '422 file'],
    ['bytes that are no text', Buffer.from([0x70, 0x0a, 0xff, 0xfe, 0x80]), csv, '422 file'],
    ['a workbook', Buffer.from('504b030400000000', 'hex'), csv, '422 file'],
    ['JSON', '{}', json, '400 Content-Type'],
    ['another content type', 'x', { 'content-type': 'text/plain' }, '415 Content-Type'],
    ['a form without a file', form(['default_country', 'US']), formType, '400 file'],
    ['a form with another field', form(['country', 'US'], ['file', 'phone\n']), formType, '422 country'],
    [
      'a form with a wrong field',
      form(['default_country', 'UK'], ['file', 'phone\n']),
      formType,
      '422 default_country',
    ],
    ['a form with two files', form(['file', 'phone\n'], ['file', 'phone\n']), formType, '400 file'],
    ['a form that is cut off', form(['file', 'phone\n']).slice(0, -20), formType, '400 file'],
  ])('of a contact file with %s', async (_, body, headers, expected) => {
    expect(await refusalOf(operation(`POST ${API_ROOT}/contacts/import`), { body, headers })).toBe(expected);
  });

  it.each<[string, string, Record<string, string>, string, string]>([
    ['a connection that is not there', 'nobody', {}, '{}', '404 connection'],
    ['no time', 'truedy', {}, '{}', '401 X-Truedy-Timestamp'],
    ['no signature', 'truedy', { 'x-truedy-timestamp': '1' }, '{}', '401 X-Truedy-Signature'],
    ['a forged signature', 'truedy', signed('{}', Date.now(), 'other'), '{}', '401 X-Truedy-Signature'],
    ['an old signature', 'truedy', signed('{}', Date.now() - 3_600_000), '{}', '401 X-Truedy-Timestamp'],
    ['a body that is no event', 'truedy', signed('[]', Date.now()), '[]', '400 body'],
  ])('of a webhook with %s', async (_, provider, headers, payload, expected) => {
    const reply = await gateway.app.inject({ method: 'POST', url: `/webhooks/${provider}`, headers, payload });
    const { error } = reply.json<{ error: { details: { field: string } } }>();
    expect(`${reply.statusCode} ${error.details.field}`).toBe(expected);
  });
});
