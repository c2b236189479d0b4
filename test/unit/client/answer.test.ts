import { describe, expect, it } from 'vitest';
import { RingfenceError } from '../../../client/errors.ts';
import { readAnswer } from '../../../client/http/answer.ts';
import { dataAnswer, META, refusalAnswer, type StubAnswer } from '../../support/fakes/stub-gateway.ts';

const ROOT = 'https://calls.example.com/api/public/v1';
const NOW = Date.parse('2026-03-18T12:00:00Z');

function read(answer: StubAnswer, root = ROOT): unknown {
  if (typeof answer === 'string') throw new Error('no answer');
  const { status = 200, headers = {}, body } = answer;
  try {
    return readAnswer(root, { status, headers, body }, NOW);
  } catch (error) {
    return error;
  }
}

describe('an answer of the gateway', () => {
  it('is passed on as it came, with what only a newer gateway sends', () => {
    const data = { id: 'any', status: 'of_a_later_version', of_a_later_version: 1 };
    expect(read(dataAnswer(data))).toEqual({ data, meta: META });
  });

  it('is an error with code, field, status, id of the request and Retry-After', () => {
    const details = { field: 'contacts[3].phone_number', reason: 'invalid_phone' };
    const error = read(refusalAnswer(422, 'validation_error', { details, headers: { 'retry-after': '7' } }));
    expect(error).toBeInstanceOf(RingfenceError);
    expect(error).toMatchObject({
      code: 'validation_error',
      message: 'It is validation_error.',
      field: 'contacts[3].phone_number',
      status: 422,
      requestId: META.request_id,
      retryAfter: 7,
      details,
    });
  });

  it('may ask for a repeat at a date', () => {
    const until = (date: string) =>
      read(refusalAnswer(503, 'database_unavailable', { headers: { 'retry-after': date } }));
    expect(until('Wed, 18 Mar 2026 12:00:30 GMT')).toMatchObject({ retryAfter: 30 });
    expect(until('Wed, 18 Mar 2026 11:00:00 GMT')).toMatchObject({ retryAfter: 0 });
    expect(until('soon')).toMatchObject({ retryAfter: undefined });
  });

  it('may have a code that only a newer gateway knows', () => {
    expect(read(refusalAnswer(409, 'of_a_later_version'))).toMatchObject({ code: 'of_a_later_version', status: 409 });
  });
});

describe('an answer of something else', () => {
  const page = (status: number) => ({
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<html>',
  });

  it.each([200, 403, 404, 502])('is said to be a page, with HTTP %i', (status) => {
    const error = read(page(status));
    expect(error).toMatchObject({ code: 'api_unreachable', status });
    expect(String(error)).toContain('An HTML page came from https://calls.example.com/api/public/v1');
    expect(String(error)).toContain(`(HTTP ${status}): a proxy answered, or the base URL is wrong`);
  });

  it('is said to be compressed, which was not asked for', () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect(String(read({ headers, body: '\u001f\u008b' }))).toContain('(application/json, compressed as gzip)');
  });

  it('may ask for a repeat', () => {
    const busy = { ...page(503), headers: { 'content-type': 'text/html', 'retry-after': '3' } };
    expect(read(busy)).toMatchObject({ status: 503, retryAfter: 3 });
  });

  it.each([
    ['JSON', { headers: { 'content-type': 'application/json' }, body: '{"message":"Forbidden"}', status: 403 }],
    ['a list', { body: '[]' }],
    ['nothing', { body: '' }],
  ])('may be %s', (_, answer) => {
    expect(read(answer)).toMatchObject({ code: 'api_unreachable', message: expect.stringContaining('Something else') });
  });

  it('may lead elsewhere, which is not followed', () => {
    const moved = { status: 301, headers: { location: 'https://www.example.com/login?from=secret' }, body: '' };
    const error = read(moved);
    expect(error).toMatchObject({ code: 'misconfigured', field: 'baseUrl', status: 301 });
    expect(String(error)).toContain('redirects to https://www.example.com (HTTP 301)');
  });

  it('is a gateway whose API is at another path', () => {
    const unknown = refusalAnswer(404, 'not_found', { details: { field: 'path' } });
    expect(read(unknown, 'https://calls.example.com')).toMatchObject({
      code: 'misconfigured',
      field: 'baseUrl',
      message: expect.stringContaining('end the base URL in /api/public/v1'),
    });
    // The path is right, and the gateway is older than this version.
    expect(read(unknown)).toMatchObject({ code: 'not_found', field: 'path' });
  });
});
