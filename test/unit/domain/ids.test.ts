import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CallId,
  callId,
  canonicalCallId,
  canonicalId,
  parseCallId,
  Uuid,
  workflowId,
} from '../../../domain/engine/ids.ts';
import { filesBelow, PRODUCT, ROOT } from '../../support/probes/sources.ts';
import { EndedEvent } from '../../../domain/engine/outcome.ts';

const ID = '1f4baf16-1540-4d91-9696-7f34b2f2cb77';
const CAPITALS = ID.toUpperCase();
/** What PostgreSQL takes for the same value. */
const OTHER_FORMS = [
  `{${ID}}`,
  `{${CAPITALS}}`,
  ID.replaceAll('-', ''),
  `urn:uuid:${ID}`,
  `${ID} `,
  ` ${ID}`,
  `${ID}\n`,
  '1f4b-af16-1540-4d91-9696-7f34-b2f2-cb77',
];
const NONE = ['', 'not-an-id', '-'.repeat(36), ID.replace('1', 'g'), ID.replace('1', '１')];

it('every id that is made of other values is made in ids.ts', () => {
  const elsewhere = PRODUCT.flatMap(filesBelow)
    .filter((file) => file !== 'domain/engine/ids.ts')
    .filter((file) =>
      /`(?:campaign-|lookup:|record:)\$\{|\}\.\$\{\w*seq\b|& 0x0f/.test(readFileSync(`${ROOT}/${file}`, 'utf8')),
    );
  expect(elsewhere).toEqual([]);
});

describe('an id in capitals', () => {
  it('is the same id, wherever one is read or made', () => {
    expect(Uuid.parse(CAPITALS)).toBe(ID);
    expect(canonicalId(CAPITALS)).toBe(ID);
    expect(workflowId(CAPITALS)).toBe(`campaign-${ID}`);
    expect(callId({ campaignId: CAPITALS, seq: 7, attempt: 2 })).toBe(`${ID}.7.2`);
    expect(parseCallId(`${CAPITALS}.7.2`)).toEqual({ campaignId: ID, seq: 7, attempt: 2 });
    expect(canonicalCallId(`${CAPITALS}.7.2`)).toBe(`${ID}.7.2`);
    expect(CallId.parse(`${CAPITALS}.7.2`)).toBe(`${ID}.7.2`);
    const event = { event_id: 'E1', call_id: `${CAPITALS}.7.2`, outcome: 'completed', ended_at: 1 };
    expect(EndedEvent.parse(event)).toMatchObject({ event_id: 'E1', call_id: `${ID}.7.2` });
  });

  it('is the same id however its letters are mixed', () => {
    const anyCase = fc.uuid().chain((id) =>
      fc.tuple(
        fc.constant(id),
        fc
          .array(fc.boolean(), { minLength: 36, maxLength: 36 })
          .map((up) => id.replace(/./g, (letter, at: number) => (up[at] ? letter.toUpperCase() : letter))),
      ),
    );
    fc.assert(
      fc.property(anyCase, ([id, mixed]) => {
        expect(workflowId(mixed)).toBe(`campaign-${id}`);
        expect(callId({ campaignId: mixed, seq: 1, attempt: 1 })).toBe(`${id}.1.1`);
      }),
    );
  });
});

describe('another form of an id, and what is none', () => {
  it.each([...OTHER_FORMS, ...NONE])('is refused and never made into another id: %j', (text) => {
    expect(Uuid.safeParse(text).success).toBe(false);
    expect(() => workflowId(text)).toThrow(expect.objectContaining({ code: 'validation_error', field: 'id' }));
    expect(() => callId({ campaignId: text, seq: 1, attempt: 1 })).toThrow(/UUID/);
    expect(parseCallId(`${text}.1.1`)).toBeNull();
  });

  it.each([`${ID}.0.1`, `${ID}.1.0`, `${ID}.01.1`, `${ID}.1`, `${ID}.1.1.1`, `${ID}.1.1 `, `${ID}.1.1000`])(
    'and so is what is no call id: %j',
    (text) => {
      expect(parseCallId(text)).toBeNull();
      expect(CallId.safeParse(text).success).toBe(false);
    },
  );
});
