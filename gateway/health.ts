import type { FastifyPluginAsync } from 'fastify';
import type { Pool } from '../db/pool.ts';
import { RingfenceError } from '../domain/errors.ts';
import { answer } from './envelope.ts';

export interface HealthOptions {
  readonly pool: Pool;
  /** Rejects when Temporal does not answer. */
  readonly pingTemporal: () => Promise<unknown>;
}

/** `/healthz`: the process is up. `/readyz`: it can do its work. */
export const health: FastifyPluginAsync<HealthOptions> = async (app, { pool, pingTemporal }) => {
  app.get('/healthz', { schema: { summary: 'The process is up', tags: ['health'] } }, async (request) =>
    answer(request, { status: 'up' }),
  );

  app.get('/readyz', { schema: { summary: 'PostgreSQL and Temporal answer', tags: ['health'] } }, async (request) => {
    const [postgresql, temporal] = await Promise.all([answers(pool.query('select 1')), answers(pingTemporal())]);
    if (postgresql && temporal) return answer(request, { status: 'ready' });
    const missing = [postgresql ? [] : 'PostgreSQL', temporal ? [] : 'Temporal'].flat().join(' and ');
    throw new RingfenceError(
      postgresql ? 'temporal_unavailable' : 'database_unavailable',
      `Not ready: no answer from ${missing}.`,
      { details: { postgresql, temporal } },
    );
  });
};

function answers(question: Promise<unknown>): Promise<boolean> {
  return question.then(
    () => true,
    () => false,
  );
}
