/** `GET /connections`: the connections that the caller's account may use, as this gateway has read them. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type Page, pageOf, type PageOf } from '../../db/page.ts';
import { ConnectionResponse } from '../../domain/api/connection-response.ts';
import { allowedKinds } from '../../domain/contacts/allowed-numbers.ts';
import { allowedTo } from '../../providers/connections/choose.ts';
import type { Connection } from '../../providers/connections/connection.ts';
import type { Connections } from '../../providers/connections/open-connections.ts';
import '../http/auth.ts';
import { list, listOf, refusals } from '../http/envelope.ts';
import { pageShape, readPage } from '../http/page.ts';

export interface ConnectionsRoutesOptions {
  readonly connections: Connections;
}

export const connectionsRoutes: FastifyPluginAsyncZod<ConnectionsRoutesOptions> = async (app, { connections }) => {
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
};

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
