/** Bodies of any size are read as `JSON.parse` reads them, but in steps, and only as far as they make sense. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type JsonBody, readJson } from '../../../gateway/http/json-body.ts';
import { JsonScan } from '../../../gateway/http/json-scan.ts';
import { readContacts } from '../../../gateway/http/contacts-body.ts';
import { mostPerTurn, turnsDuring } from '../../support/probes/turns.ts';

const parse = (text: string): unknown => JSON.parse(text);
const read = (text: string) => readJson(Buffer.from(text), parse);
const whole = async (text: string) => (await read(text)).without(null);
/** Makes a text large enough to be read in pieces. */
const PADDING = 'x'.repeat(70_000);

/** A body as a client may write it: some fields, some lists, white space anywhere. */
const bodies = fc
  .tuple(
    fc.dictionary(fc.string(), fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.array(fc.jsonValue({ maxDepth: 3 })))),
    fc.array(fc.jsonValue({ maxDepth: 2 }), { minLength: 150, maxLength: 300 }),
    fc.constantFrom(undefined, 1, '\t', '\r\n '),
  )
  .map(([fields, list, space]) => JSON.stringify({ ...fields, list, padding: PADDING }, null, space));

describe('a large body', () => {
  it('is read as JSON is', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, async (text) => {
        expect(await whole(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 30 },
    );
  });

  it('is read as JSON is, whatever its fields are called', async () => {
    const text = `{"__proto__":[[]],"constructor":[1],"padding":"${PADDING}"}`;
    expect(JSON.stringify(await whole(text))).toBe(JSON.stringify(JSON.parse(text)));
  });

  it('is refused where JSON is, wherever a character is wanting or too much', async () => {
    const mutated = fc.tuple(bodies, fc.nat(), fc.constantFrom('', ',', '[', ']', '{', '}', '"', ':', '0', ' ', '\\'));
    await fc.assert(
      fc.asyncProperty(mutated, async ([text, place, instead]) => {
        // Not in the padding, which is the last field.
        const at = place % (text.length - PADDING.length);
        const changed = text.slice(0, at) + instead + text.slice(at + (place % 2));
        let expected: unknown;
        try {
          expected = JSON.parse(changed);
        } catch {
          await expect(whole(changed)).rejects.toThrow();
          return;
        }
        expect(await whole(changed)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['an empty run', `{"list":[ ${' '.repeat(20_000)},1],"padding":"${PADDING}"}`],
    ['a comma at the end', `{"list":[${'1,'.repeat(200)}],"padding":"${PADDING}"}`],
    ['a comma at the end of a run', `{"list":[${'1,'.repeat(100)}],"padding":"${PADDING}"}`],
    ['two commas between runs', `{"list":[${'1,'.repeat(100)},1],"padding":"${PADDING}"}`],
    ['no end', `{"padding":"${PADDING}","list":[${'1,'.repeat(200)}1`],
    ['no end of its text', `{"list":[1],"padding":"${PADDING}`],
    ['more ends than beginnings', `{"list":[1],"padding":"${PADDING}"}]`],
  ])('is refused with %s', async (_, text) => {
    await expect(whole(text)).rejects.toThrow();
  });

  it('counts the last of two fields of one name', async () => {
    for (const fields of ['"a":[1],"a":[2]', '"a":[1],"a":3', '"a":3,"a":[1]', '"a":[1],"\\u0061":[2]']) {
      const text = `{${fields},"padding":"${PADDING}"}`;
      expect(await whole(text)).toEqual(JSON.parse(text));
    }
  });

  it.each([
    ['items', `{"list":[${'9,'.repeat(200_000)}9]}`, null],
    ['empty lists in a list', `{"list":[[${'[],'.repeat(100_000)}[]]]}`, 'list[0]'],
    ['fields of an item', `{"list":[1,{${fields(20_000)}}]}`, 'list[1]'],
    ['fields', `{${fields(20_000)}}`, 'f999'],
    ['levels', `{"name":${'['.repeat(60_000)}${']'.repeat(60_000)}}`, 'name[0]'],
    ['levels in a list', `{"list":[1,2,${'['.repeat(60_000)}${']'.repeat(60_000)}]}`, 'list[2]'],
    ['lists of lists', `[${'[1],'.repeat(50_000)}[1]]`, undefined],
  ])('of very many %s is not read', async (_, text, field) => {
    const parsed: number[] = [];
    const reading = readJson(Buffer.from(text), (piece) => {
      parsed.push(piece.length);
      return parse(piece);
    }).then((body) => body.without(null));
    if (field === null) expect(await reading).toMatchObject({ list: { length: 10_001 } });
    else await expect(reading).rejects.toMatchObject({ code: 'validation_error', ...(field ? { field } : {}) });
    expect(Math.max(0, ...parsed)).toBeLessThan(100);
  });
});

function fields(count: number): string {
  return Array.from({ length: count }, (_, n) => `"f${n}":1`).join(',');
}

describe('the work of one turn of the event loop', () => {
  const item = JSON.stringify({ phone_number: '+14155550101', custom_fields: { city: 'Springfield' } });

  it('is a small piece of the text', async () => {
    const text = `{"contact_ids":[${`"${'0'.repeat(36)}",`.repeat(9_999)}"0"],"contacts":[${`${item},`.repeat(9_999)}${item}]}`;
    let parsed = 0;
    const counting = (piece: string) => {
      parsed += piece.length;
      return parse(piece);
    };
    let body: JsonBody;
    const most = await mostPerTurn(
      async () => {
        body = await readJson(Buffer.from(text), counting);
        await body.without('contacts');
        for await (const _run of body.runs('contacts')) continue;
      },
      () => parsed,
    );
    expect(parsed).toBeGreaterThan(text.length - 100);
    expect(most).toBeLessThan(20_000);
  });

  it.each([
    ['colons', ':'.repeat(1_000)],
    ['lists', `:${'[],'.repeat(400)}1`],
  ])('is no name of a field for each of many %s', (_, rest) => {
    const bytes = Buffer.from(`{"${'x'.repeat(100_000)}"${rest}}`);
    let decoded = 0;
    bytes.toString = (encoding, start = 0, end = bytes.length) => {
      decoded += end - start;
      return Buffer.prototype.toString.call(bytes, encoding, start, end);
    };
    expect(new JsonScan(bytes).scan(bytes.length)).toBe(true);
    expect(decoded).toBeLessThan(1_000_000);
  });

  it.each([
    ['a field', '{"name":"', 'name'],
    ['an item of a list', '{"a":1,"contacts":[1,{"b":"', 'contacts[1]'],
    ['a name', '{"name":"n","', 'body'],
  ])('is no text of megabytes, escapes and all, as %s', async (_, start, field) => {
    let parsed = 0;
    const counting = (piece: string) => {
      parsed += piece.length;
      return parse(piece);
    };
    const bytes = Buffer.from(`${start}${String.raw`\"`.repeat(2_000_000)}"}`);
    const refused = await readJson(bytes, counting).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'validation_error', message: expect.stringContaining('128 KiB'), field });
    expect(parsed).toBe(0);
  });

  it('is a scan of half a megabyte', async () => {
    const text = `{"name":${' '.repeat(5_000_000)}"x"}`;
    expect(await turnsDuring(() => read(text))).toBeGreaterThanOrEqual(9);
  });

  const head = z.looseObject({ contacts: z.array(z.unknown()) });

  it.each([
    ['a small body', 1_000],
    ['a large body', 10_000],
  ])('is a hundred contacts of %s', async (_, contacts) => {
    const body = await read(`{"contacts":[${`${item},`.repeat(contacts - 1)}${item}]}`);
    let looked = 0;
    const person = z.unknown().refine(() => (looked += 1) > 0);
    const most = await mostPerTurn(
      () => readContacts(body, head, person),
      () => looked,
    );
    expect(looked).toBe(contacts);
    expect(most).toBeLessThanOrEqual(101);
  });

  it('ends with the work when enough contacts are wrong to tell', async () => {
    const body = await read(`{"contacts":[${`${item},`.repeat(9_999)}${item}]}`);
    let looked = 0;
    const person = z.unknown().refine(() => (looked += 1) < 0, 'is wrong');
    await expect(readContacts(body, head, person)).rejects.toMatchObject({
      code: 'validation_error',
      field: 'contacts[0]',
      details: { issues: { length: 20 } },
    });
    expect(looked).toBe(20);
  });
});

describe('what was sent', () => {
  it('is kept as it was sent, whatever was read of it', async () => {
    for (const text of [
      '{"contacts":[{"b":1},{"a":2}],"x":[1]}',
      '{"x":[1]}',
      `{"contacts":[${'{"b":1},'.repeat(200)}1],"padding":"${PADDING}"}`,
    ]) {
      const head = z.looseObject({ contacts: z.array(z.unknown()).default([]) });
      const { sent } = await readContacts(await read(text), head, z.unknown());
      expect(sent).toEqual(JSON.parse(text));
    }
  });
});
