/** The command line over answers in which whatever others may write is meant for the terminal. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { run as runWith } from '../../cli/run.ts';
import { plain } from '../../cli/terminal.ts';
import { Campaign, CampaignContactResponse } from '../../domain/api/campaign-responses.ts';
import { ImportResponse } from '../../domain/api/contact-responses.ts';
import { ContactExplanation } from '../../domain/api/contact-explanation.ts';
import { ForecastResponse } from '../../domain/forecast/response.ts';
import { SuppressionResponse } from '../../domain/api/suppressions.ts';
import { CAMPAIGN_OPERATIONS } from '../../gateway/openapi/campaign-examples.ts';
import { CONTACT_OPERATIONS } from '../../gateway/openapi/contact-examples.ts';
import { CAMPAIGN_ID, CONTACT_ID } from '../../gateway/openapi/example-values.ts';

const run = (args: readonly string[]) => runWith(args, process.env);

/** A title, a cleared screen, C1, a separate line, direction, tags, separators, half a character. */
const HOSTILE =
  'a\u001b]0;title\u0007b\u001b[2Jc\u009b31md\r\ne\u0000f\tg\u007fh\u202ei\u2066j\u200bk\u{e0041}l\u2028m\u2029n\ufeffo\ud800p';
/** Everything that may not reach a terminal, but for the line breaks of the tool itself. */
const OBEYED = /[^\P{C}\n\u200c\u200d]|[\u2028\u2029]/gu;

type Answer = { readonly data: unknown; readonly [field: string]: unknown };

/** The answer with the hostile text in every place in which its schema takes it. */
function hostile(answer: unknown, schema: z.ZodType): Answer {
  const copy = structuredClone(answer) as Answer;
  const visit = (parent: Record<string, unknown>): void => {
    for (const [name, value] of Object.entries(parent)) {
      if (typeof value === 'object' && value !== null) visit(value as Record<string, unknown>);
      if (typeof value !== 'string') continue;
      parent[name] = HOSTILE;
      if (!schema.safeParse(copy.data).success) parent[name] = value;
    }
  };
  visit(copy.data as Record<string, unknown>);
  return copy;
}

let out: string;
let err: string;
let server: Server;
let directory: string;
let status = 200;
let answer: unknown;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ringfence-hostile-'));
  await writeFile(join(directory, 'campaign.json'), '{}');
  await writeFile(join(directory, 'people.csv'), `phone\n"12${HOSTILE.replace('\0', '')}"\n`);
  server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  [out, err, status] = ['', '', 200];
  vi.stubEnv('RINGFENCE_API_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('RINGFENCE_API_KEY', 'a-key-for-the-test');
  vi.spyOn(console, 'log').mockImplementation((text: string) => void (out += `${text}\n`));
  vi.spyOn(console, 'error').mockImplementation((...texts) => void (err += `${texts.map(String).join(' ')}\n`));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const answerTo = (operation: string) => (CAMPAIGN_OPERATIONS[operation] ?? CONTACT_OPERATIONS[operation])!.answers[200];
const over = (example: unknown) => {
  const { data } = example as { data: object };
  return { ...(example as object), data: { ...data, status: 'completed' } };
};

const VERBS: [args: string, operation: unknown, schema: z.ZodType][] = [
  ['campaigns list', answerTo('GET /batch-calls'), z.array(Campaign)],
  [`campaigns show ${CAMPAIGN_ID}`, answerTo('GET /batch-calls/{id}'), Campaign],
  [`campaigns watch ${CAMPAIGN_ID}`, over(answerTo('GET /batch-calls/{id}')), Campaign],
  ['campaigns start DIRECTORY/campaign.json', answerTo('GET /batch-calls/{id}'), Campaign],
  [`campaigns contacts ${CAMPAIGN_ID}`, answerTo('GET /batch-calls/{id}/contacts'), z.array(CampaignContactResponse)],
  [
    `campaigns explain ${CAMPAIGN_ID} ${CONTACT_ID}`,
    answerTo('GET /batch-calls/{id}/contacts/{contact_id}'),
    ContactExplanation,
  ],
  [`campaigns forecast ${CAMPAIGN_ID}`, answerTo('GET /batch-calls/{id}/forecast'), ForecastResponse],
  ['contacts suppressed', answerTo('GET /suppressions'), z.array(SuppressionResponse)],
  ['contacts import DIRECTORY/people.csv', answerTo('POST /contacts/import'), ImportResponse],
];
const argsOf = (line: string) => line.split(' ').map((word) => word.replace('DIRECTORY', directory));
const obeyedIn = (text: string) => [...text.matchAll(OBEYED)].map(([character]) => character);

describe('what others wrote', () => {
  it.each(VERBS)('is shown by "%s" and not obeyed', async (line, example, schema) => {
    answer = hostile(example, schema);
    expect(await run(argsOf(line)), err).toBe(0);
    const tame = out;
    expect(obeyedIn(tame + err)).toEqual([]);
    answer = example;
    out = '';
    await run(argsOf(line));
    // A line break in a name would make one more.
    expect(tame.split('\n')).toHaveLength(out.split('\n').length);
  });

  it.each(VERBS)('is JSON, and the same, in "%s --json"', async (line, example, schema) => {
    answer = hostile(example, schema);
    expect(await run([...argsOf(line), '--json']), err).toBe(0);
    expect(obeyedIn(out + err)).toEqual([]);
    const { data } = answer as Answer;
    const shown: unknown = JSON.parse(out);
    const [list] = Array.isArray(data) ? Object.values(shown as object).filter(Array.isArray) : [shown];
    expect(list).toEqual(z.json().parse(schema.parse(data)));
  });

  it.each([[''], ['--json']])('is not obeyed in a refusal either %s', async (flag) => {
    status = 409;
    answer = {
      error: { code: 'conflict', message: HOSTILE, details: { field: HOSTILE } },
      meta: { request_id: HOSTILE, ts: '2026-03-18T14:30:00.000Z' },
    };
    expect(await run(['campaigns', 'list', ...(flag ? [flag] : [])])).toBe(4);
    expect(obeyedIn(out + err)).toEqual([]);
    expect(err.split('\n')).toHaveLength(2);
  });

  it.each([[''], ['--json']])('is not obeyed in a file of contacts %s', async (flag) => {
    await run([...argsOf('contacts check DIRECTORY/people.csv'), ...(flag ? [flag] : [])]);
    expect(out).not.toBe('');
    expect(obeyedIn(out + err)).toEqual([]);
  });

  it('is not obeyed in an argument that is refused', async () => {
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => (err += String(text)) !== '');
    expect(await run(['campaigns', 'list', '--status', HOSTILE.replaceAll('\n', '')])).toBe(2);
    expect(err).toContain('--status');
    expect(obeyedIn(err)).toEqual([]);
  });
});

describe('a text as it is shown', () => {
  it.each([
    ['Praxis Dr. Müller, 東京, Ελλάδα', 'Praxis Dr. Müller, 東京, Ελλάδα'],
    ['a\u001b[31mb\nc\u007f', 'a␛[31mb␊c␡'],
    ['a\u009bb\u202ec', 'a\ufffdb\ufffdc'],
    // Persian and emoji are not written without joiners.
    ['می\u200cخواهم 👩\u200d💻', 'می\u200cخواهم 👩\u200d💻'],
  ])('%j', (text, shown) => {
    expect(plain(text)).toBe(shown);
  });

  it('holds nothing that a terminal obeys, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(obeyedIn(plain(text)).filter((character) => !/^[\p{Co}\p{Cn}]$/u.test(character))).toEqual([]);
        expect(plain(text)).not.toContain('\n');
      }),
    );
  });
});
