import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { countMissing } from '../../db/interruptions.ts';
import type { Pool } from '../../db/pool.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { isWrongTemporal } from '../../domain/api/interruption.ts';
import { ZONE_DATA_VERSION } from '../../domain/windows/zone-data.ts';
import { answer, answerOf, refusals } from '../http/envelope.ts';

export interface HealthOptions {
  /** A separate pool: a gateway whose other connections are all in use is busy, not broken. */
  readonly healthPool: Pool;
  /** Rejects when Temporal does not answer, or has no such namespace: then with a RingfenceError that says so. */
  readonly pingTemporal: () => Promise<unknown>;
}

const up = { 200: answerOf(z.object({ status: z.literal('up') })), ...refusals };
const warnings = z
  .array(z.enum(['most_workflows_missing']))
  .describe(
    '`most_workflows_missing`: Temporal does not know most of the running workflows. The gateway is connected to another server, or the data of the server was deleted.',
  );
const zone_data = z.string().describe('Release of the IANA time zone data.');
const ready = { 200: answerOf(z.object({ status: z.literal('ready'), zone_data, warnings })), ...refusals };

/** `/healthz`: the process is up. `/readyz`: it can do its work. */
export const health: FastifyPluginAsyncZod<HealthOptions> = async (app, { healthPool, pingTemporal }) => {
  // However many requests arrive at the same time, each server is asked once.
  const asksTemporal = oneAtATime(() => problemOf('Temporal', pingTemporal()));
  const asksPostgresql = oneAtATime(() => problemOf('PostgreSQL', healthPool.query('select 1')));
  const looksForWorkflows = oneAtATime(() =>
    countMissing(healthPool)
      .then(isWrongTemporal)
      .catch(() => false),
  );

  app.get(
    '/healthz',
    { schema: { summary: 'Check that the process runs', tags: ['health'], response: up } },
    async (request) => answer(request, { status: 'up' as const }),
  );

  const schema = { summary: 'Check that PostgreSQL and Temporal answer', tags: ['health'], response: ready };
  app.get('/readyz', { schema }, async (request) => {
    const [postgresql, temporal] = await Promise.all([asksPostgresql(), asksTemporal()]);
    if (postgresql === null && temporal === null) {
      const warnings = (await looksForWorkflows()) ? ['most_workflows_missing' as const] : [];
      return answer(request, { status: 'ready' as const, zone_data: ZONE_DATA_VERSION, warnings });
    }
    const problems = [postgresql, temporal].filter((problem) => problem !== null);
    throw new RingfenceError(
      postgresql === null ? 'temporal_unavailable' : 'database_unavailable',
      `Not ready. ${problems.join(' ')}`,
      { details: { postgresql: postgresql === null, temporal: temporal === null } },
    );
  });
};

/** Null if the server can do its work. */
function problemOf(server: string, question: Promise<unknown>): Promise<string | null> {
  return question.then(
    () => null,
    (error: unknown) => (error instanceof RingfenceError ? error.message : `${server} does not answer.`),
  );
}

/** A question during another one shares its answer. */
function oneAtATime<T>(ask: () => Promise<T>): () => Promise<T> {
  let asking: Promise<T> | null = null;
  return () => {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  };
}
