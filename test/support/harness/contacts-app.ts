import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import type { Connections } from '../../../providers/connections/open-connections.ts';
import { TRUEDY_ALONE } from '../factories/connections.ts';
import type { Pool } from '../../../db/pool.ts';
import { contactsRoutes } from '../../../gateway/routes/contacts-routes.ts';
import { closeAfterEarlyResponses } from '../../../gateway/http/early-responses.ts';
import { answerError } from '../../../gateway/http/errors.ts';
import { slowClientLimits } from '../../../gateway/http/slow-client-limits.ts';
import { validatorCompiler } from '../../../gateway/http/validation.ts';

/** The contacts API by itself. The header `account` names the account of a request. */
export async function contactsApp(pool: Pool, connections: Connections = TRUEDY_ALONE): Promise<FastifyInstance> {
  // A connection that a client opened in advance and never used would hold up the end of a test for over a minute.
  const app = Fastify({ forceCloseConnections: true });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  closeAfterEarlyResponses(app, slowClientLimits(undefined));
  app.addHook('onRequest', async (request) => {
    request.caller = { account: String(request.headers.account ?? 'acme'), scope: 'write', keyName: 'test' };
  });
  await app.register(contactsRoutes, { pool, connections, bodyLimit: 1_048_576 });
  return app;
}
