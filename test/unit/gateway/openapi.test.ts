import { createConfig, lintFromString } from '@redocly/openapi-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { readDescription } from '../../../scripts/write-api-docs.ts';
import { type ApiOperation, describedOperations, faults } from '../../support/probes/api-description.ts';

let document: unknown;
let operations: ApiOperation[];
beforeAll(async () => {
  document = await readDescription();
  operations = describedOperations(document);
});

const isRefusal = (status: string) => !status.startsWith('2');

describe('the description of the API', () => {
  it('is valid OpenAPI 3.1, and passes the rules that Redocly recommends', async () => {
    // Probes of health are refused by nobody.
    const config = await createConfig({ extends: ['recommended'], rules: { 'operation-4xx-response': 'off' } });
    const problems = await lintFromString({ source: JSON.stringify(document), config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
    expect(document).toMatchObject({ openapi: '3.1.0' });
  });

  it('names every operation once, and says what it does', () => {
    expect(operations.length).toBeGreaterThan(20);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    const wanting = operations.filter(
      ({ operationId, summary, description, tags }) =>
        !/^[a-z][A-Za-z]+$/.test(operationId) || summary === '' || description.length < 10 || tags.length !== 1,
    );
    expect(wanting.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('gives every body and every answer an example, each valid by its schema', () => {
    const wrong = operations.flatMap(({ operationId, requestBody, responses }) => {
      const good = Object.entries(responses).filter(([status]) => !isRefusal(status));
      const medias = [
        ...Object.entries(requestBody?.content ?? {}),
        ...good.flatMap(([status, { content }]) => Object.values(content).map((media) => [status, media] as const)),
      ];
      return medias.flatMap(([what, { schema, examples }]) => {
        const found = Object.entries(examples).flatMap(([name, { value }]) =>
          faults(schema, value).map((fault) => `${operationId} ${what} ${name}: ${fault}`),
        );
        return Object.keys(examples).length === 0 ? [`${operationId} ${what}: no example`] : found;
      });
    });
    expect(wrong).toEqual([]);
  });

  it('gives parameters of paths and headers examples, each valid by its schema', () => {
    const wrong = operations.flatMap(({ operationId, parameters }) =>
      parameters.flatMap(({ name, in: place, schema, example }) => {
        if (example === undefined) return place === 'query' ? [] : [`${operationId} ${name}: no example`];
        return faults(schema, example).map((fault) => `${operationId} ${name}: ${fault}`);
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('describes how each operation is refused, with an example and the form of every refusal', () => {
    const wrong = operations.flatMap(({ operationId, responses, security, method, parameters, requestBody }) => {
      const refusals = Object.entries(responses).filter(([status]) => isRefusal(status));
      const wanted = [
        ...(security.length > 0 ? ['401', '429', '500', '503'] : []),
        ...(security.length > 0 && method !== 'GET' ? ['403'] : []),
        ...(parameters.some(({ in: place }) => place === 'path') ? ['404'] : []),
        ...(security.length > 0 && requestBody ? ['400', '413', '415', '422'] : []),
      ];
      const missing = wanted.filter((status) => responses[status] === undefined);
      return [
        ...missing.map((status) => `${operationId} ${status}: missing`),
        ...refusals.flatMap(([status, { description, content }]) => {
          const media = content['application/json'];
          if (!media || description === '') return [`${operationId} ${status}: not described`];
          const form = faults({ ...media.schema, required: ['error', 'meta'] }, media.example);
          return form.map((fault) => `${operationId} ${status}: ${fault}`);
        }),
      ];
    });
    expect(wrong).toEqual([]);
  });

  it('tells of Retry-After and of the limit of requests', () => {
    const LIMIT = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'];
    for (const { responses, security } of operations.filter(({ security }) => security.length > 0)) {
      expect(security).toEqual([{ key: [] }]);
      for (const [status, { headers }] of Object.entries(responses)) {
        if (!isRefusal(status)) expect(Object.keys(headers)).toEqual(expect.arrayContaining(LIMIT));
      }
      expect(Object.keys(responses['429']!.headers)).toEqual(['Retry-After', ...LIMIT]);
      expect(Object.keys(responses['503']!.headers)).toEqual(['Retry-After']);
    }
  });

  it('tells of each response that a repeat under the same key may get', () => {
    const writes = operations.filter(({ responses }) => 'Idempotency-Replayed' in (responses['409']?.headers ?? {}));
    expect(writes.length).toBeGreaterThan(10);
    for (const { operationId, responses } of writes) {
      const kept = Object.keys(responses).filter((status) => /^2|^404$|^409$|^422$/.test(status));
      const told = kept.filter((status) => 'Idempotency-Replayed' in responses[status]!.headers);
      expect([operationId, told]).toEqual([operationId, kept]);
    }
  });

  it('describes both forms of an import', () => {
    const { requestBody } = operations.find(({ operationId }) => operationId === 'importContacts')!;
    expect(requestBody?.content).toMatchObject({
      'text/csv': { schema: { type: 'string' } },
      'multipart/form-data': {
        schema: { properties: { file: {}, folder_id: {}, default_country: {}, overwrite_existing: {} } },
      },
    });
  });
});
