/** Numbers that must not be called. A change takes effect with the next dial of every campaign of the account. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { inTransaction, type Pool } from '../../db/pool.ts';
import { addSuppression, listSuppressions, removeSuppression } from '../../db/suppressions.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { anyNumber, anyNumberThatMayExist } from '../../domain/contacts/allowed-numbers.ts';
import { parsePhone } from '../../domain/contacts/phone.ts';
import { SuppressionInput, SuppressionResponse } from '../../domain/api/suppressions.ts';
import { suppressedNumber } from '../../domain/contacts/suppression.ts';
import { allowedTo } from '../../providers/connections/choose.ts';
import type { Connections } from '../../providers/connections/open-connections.ts';
import '../http/auth.ts';
import { answer, answerOf, list, listOf, refusals } from '../http/envelope.ts';
import { keepInTransaction } from '../http/idempotent-writes.ts';
import { pageShape, readPage, Seq } from '../http/page.ts';

export interface SuppressionsOptions {
  readonly pool: Pool;
  readonly connections: Connections;
}

export const suppressionsRoutes: FastifyPluginAsyncZod<SuppressionsOptions> = async (app, { pool, connections }) => {
  app.get(
    '/suppressions',
    {
      schema: {
        summary: 'List suppressed numbers, latest first',
        tags: ['suppressions'],
        querystring: z.strictObject(pageShape),
        response: { 200: listOf(SuppressionResponse), ...refusals },
      },
    },
    async (request) => {
      const { account } = request.caller;
      const asked = readPage(['suppressions', account], request.query, Seq);
      return list(request, asked, await listSuppressions(pool, account, asked.page));
    },
  );

  app.post(
    '/suppressions',
    {
      schema: {
        summary: 'Suppress a number',
        description:
          'Takes effect with the next dial of every campaign of the account. A call under way continues. Returns 200 if the number was already suppressed.',
        tags: ['suppressions'],
        body: SuppressionInput,
        response: { 200: answerOf(SuppressionResponse), 201: answerOf(SuppressionResponse), ...refusals },
      },
    },
    async (request, reply) => {
      const { phone_number, reason = null } = request.body;
      const { account } = request.caller;
      const entry = {
        phoneNumber: suppressedNumber(phone_number, anyNumberThatMayExist(allowedTo(connections, account))),
        reason,
      };
      const { status, data } = await inTransaction(pool, async (tx) => {
        const { suppression, created } = await addSuppression(tx, account, entry);
        const done = { status: created ? 201 : 200, data: suppression } as const;
        await keepInTransaction(request, reply, tx, done);
        return done;
      });
      return reply.code(status).send(answer(request, data));
    },
  );

  app.delete(
    '/suppressions/:phone_number',
    {
      schema: {
        summary: 'Remove a number from the suppression list',
        description: 'A contact that was skipped because of the suppression stays skipped.',
        tags: ['suppressions'],
        params: z.strictObject({ phone_number: z.string() }),
        response: { 200: answerOf(z.object({ phone_number: z.string(), deleted: z.literal(true) })), ...refusals },
      },
    },
    async (request, reply) => {
      const phone = parsePhone(request.params.phone_number, null, anyNumber);
      if (!('e164' in phone)) throw notOnTheList();
      const data = { phone_number: phone.e164, deleted: true as const };
      await inTransaction(pool, async (tx) => {
        if (!(await removeSuppression(tx, request.caller.account, phone.e164))) throw notOnTheList();
        await keepInTransaction(request, reply, tx, { status: 200, data });
      });
      return answer(request, data);
    },
  );
};

function notOnTheList(): RingfenceError {
  const message = 'This number is not on the list: send it in international form.';
  return new RingfenceError('not_found', message, { field: 'phone_number' });
}
