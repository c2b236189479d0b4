import { describe, expect, it } from 'vitest';
import { readSettings } from '../../../client/http/settings.ts';

const BASE = 'https://calls.example.com/api/public/v1';
const settings = (options: { baseUrl?: unknown; apiKey?: unknown; maxRetries?: unknown; timeoutMs?: unknown }) => () =>
  readSettings({ baseUrl: BASE, apiKey: 'rf_key', ...(options as object) });

describe('a base URL', () => {
  it.each([BASE, `${BASE}/`, `${BASE}//`, ` ${BASE}\n`])('may be %j', (baseUrl) => {
    expect(settings({ baseUrl })().root).toBe(BASE);
  });

  it.each([
    [undefined, 'is no URL'],
    ['', 'is no URL'],
    ['calls.example.com/api', 'is no URL'],
    ['localhost:8080/api/public/v1', 'does not begin with https:// or http://'],
    ['ftp://calls.example.com', 'does not begin with https:// or http://'],
    ['https://user:secret@calls.example.com', 'contains a user or a password'],
    [`${BASE}?key=secret`, 'contains a query or a fragment'],
    [`${BASE}#x`, 'contains a query or a fragment'],
  ])('cannot be %j', (baseUrl, problem) => {
    const message = `The base URL ${problem}: give one such as ${BASE}.`;
    expect(settings({ baseUrl })).toThrow(
      expect.objectContaining({ code: 'misconfigured', field: 'baseUrl', message }),
    );
  });
});

describe('a key', () => {
  it.each([undefined, ''])('cannot be %j', (apiKey) => {
    expect(settings({ apiKey })).toThrow(expect.objectContaining({ code: 'misconfigured', field: 'apiKey' }));
  });

  it.each([
    ['rf_key\n', 'a line break at position 7 of 7'],
    ['rf key', 'a character that no header can carry at position 3 of 6'],
    ['rf_kéy', 'a character that no header can carry at position 5 of 6'],
  ])('that cannot stand in a header is refused without being quoted: %j', (apiKey, what) => {
    expect(settings({ apiKey })).toThrow(
      expect.objectContaining({ code: 'misconfigured', field: 'apiKey', message: expect.stringContaining(what) }),
    );
    expect(settings({ apiKey })).toThrow(expect.objectContaining({ message: expect.not.stringContaining('rf') }));
  });
});

describe('a number', () => {
  it.each([
    ['maxRetries', 0],
    ['maxRetries', Infinity],
    ['timeoutMs', 0.5],
    ['timeoutMs', Infinity],
  ])('%s may be %j', (option, value) => {
    expect(settings({ [option]: value })()).toMatchObject({ [option]: value });
  });

  it.each([
    ['maxRetries', Number.NaN],
    ['maxRetries', -1],
    ['maxRetries', 1.5],
    ['maxRetries', '3'],
    ['timeoutMs', Number.NaN],
    ['timeoutMs', 0],
    ['timeoutMs', -1],
    ['timeoutMs', '50'],
  ])('%s cannot be %j', (option, value) => {
    expect(settings({ [option]: value })).toThrow(expect.objectContaining({ code: 'misconfigured', field: option }));
  });

  it('may be left out, also with null', () => {
    expect(settings({ maxRetries: null, timeoutMs: null })()).toMatchObject({
      maxRetries: undefined,
      timeoutMs: undefined,
    });
  });
});
