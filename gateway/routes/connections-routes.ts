/** `GET /connections` and `GET /connections/{name}`: the connections that the caller's account may use. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type Page, pageOf, type PageOf } from '../../db/page.ts';
import { readConnectionState } from '../../db/connection-state.ts';
import type { Pool } from '../../db/pool.ts';
import { ConnectionDetails, ConnectionResponse } from '../../domain/api/connection-response.ts';
import { allowedKinds } from '../../domain/contacts/allowed-numbers.ts';
import { allowedTo } from '../../providers/connections/choose.ts';
import type { Connection } from '../../providers/connections/connection.ts';
import type { Connections } from '../../providers/connections/open-connections.ts';
import '../http/auth.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { answer, answerOf, list, listOf, refusals } from '../http/envelope.ts';
import { pageShape, readPage } from '../http/page.ts';
import { connectionDetails } from './connection-details.ts';

export interface ConnectionsRoutesOptions {
  readonly pool: Pool;
  readonly connections: Connections;
}

export const connectionsRoutes: FastifyPluginAsyncZod<ConnectionsRoutesOptions> = async (
  app,
  { pool, connections },
) => {
  app.get(
    '/connections',
    {
      schema: {
        summary: 'List connections by name',
        tags: ['connections'],
        querystring: z.strictObject(pageShape),
        response: { 200: listOf(ConnectionResponse), ...refusals },
      },
    },
    async (request) => {
      const { account } = request.caller;
      const asked = readPage(['connections', account], request.query, z.string());
      return list(request, asked, pageByName(allowedTo(connections, account), asked.page));
    },
  );

  app.get(
    '/connections/:name',
    {
      schema: {
        summary: 'Show what happens on a connection',
        tags: ['connections'],
        params: z.object({ name: z.string().max(LONGEST_NAME) }),
        response: { 200: answerOf(ConnectionDetails), ...refusals },
      },
    },
    async (request) => {
      const { account } = request.caller;
      const { name } = request.params;
      const connection = allowedTo(connections, account).find((each) => each.name === name);
      if (!connection) {
        const message = 'The account may use no connection of this name: GET /connections lists those that it may use.';
        throw new RingfenceError('not_found', message, { field: 'name' });
      }
      const state = await readConnectionState(pool, { connection: name, account, lostAfterMs: LOST_AFTER_MS });
      const stated = { ...connectionAnswer(connection), max_concurrent_calls: connection.maxConcurrentCalls };
      return answer(request, connectionDetails(stated, state, account));
    },
  );
};

/** A name in the connections file is shorter. */
const LONGEST_NAME = 255;
/** Only calls that were dialled before deadlines were recorded have none: they are over by then. */
const LOST_AFTER_MS = 24 * 3_600_000;

function pageByName(connections: readonly Connection[], page: Page<string>): PageOf<ConnectionResponse, string> {
  const { limit, offset, after = '' } = page;
  const sorted = connections.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const rows = sorted.filter(({ name }) => name > after).slice(offset, offset + limit + 1);
  const total = { total: connections.length, totalIsExact: true };
  return pageOf(rows, page, total, { item: connectionAnswer, place: ({ name }) => name });
}

function connectionAnswer(connection: Connection): ConnectionResponse {
  return {
    name: connection.name,
    provider: connection.provider,
    calls_per_second: connection.callsPerSecond,
    countries: copy(connection.countries),
    number_types: [...allowedKinds(connection)],
    agents: copy(connection.agents),
    caller_numbers: copy(connection.callerNumbers),
    webhook_url: connection.webhookUrl,
    ready: connection.missingSecrets.length === 0,
    missing: [...connection.missingSecrets],
  };
}

function copy(names: readonly string[] | null): string[] | null {
  return names === null ? null : [...names];
}
